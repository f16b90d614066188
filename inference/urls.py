from django.urls import path

from .views import jobs, trainings, weights

app_name = "inference"
urlpatterns = [
    path("cohorts/<int:pk>/jobs/", jobs.job_list, name="job-list"),
    path("cohorts/<int:pk>/jobs/request/", jobs.job_request, name="job-request"),
    path(
        "cohorts/<int:pk>/jobs/<int:job_pk>/cancel/",
        jobs.job_cancel,
        name="job-cancel",
    ),
    path("cohorts/<int:pk>/jobs/<int:job_pk>/retry/", jobs.job_retry, name="job-retry"),
    path("cohorts/<int:pk>/trainings/", trainings.training_list, name="training-list"),
    path(
        "cohorts/<int:pk>/trainings/request/",
        trainings.training_request,
        name="training-request",
    ),
    path(
        "cohorts/<int:pk>/trainings/<int:training_pk>/",
        trainings.training_detail,
        name="training-detail",
    ),
    path(
        "cohorts/<int:pk>/trainings/<int:training_pk>/stop/",
        trainings.training_stop,
        name="training-stop",
    ),
    path(
        "cohorts/<int:pk>/trainings/<int:training_pk>/resume/",
        trainings.training_resume,
        name="training-resume",
    ),
    path(
        "cohorts/<int:pk>/trainings/<int:training_pk>/forget/",
        trainings.training_forget,
        name="training-forget",
    ),
    path("networks/", weights.weights_list, name="weights-list"),
    path("networks/upload/", weights.weights_upload, name="weights-upload"),
    path("networks/<int:pk>/", weights.weights_card, name="weights-card"),
    path("networks/<int:pk>/probe/", weights.weights_probe, name="weights-probe"),
    path(
        "networks/<int:pk>/preview/<int:cohort_pk>/<str:code>/",
        weights.weights_preview,
        name="weights-preview",
    ),
]
