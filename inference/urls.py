from django.urls import path

from .views import jobs, stability, sweeps, trainings, weights

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
    path(
        "cohorts/<int:pk>/stability/", stability.stability_list, name="stability-list"
    ),
    path(
        "cohorts/<int:pk>/stability/request/",
        stability.stability_request,
        name="stability-request",
    ),
    path(
        "cohorts/<int:pk>/stability/runs/<int:run_pk>/cancel/",
        stability.stability_cancel,
        name="stability-cancel",
    ),
    path(
        "cohorts/<int:pk>/stability/runs/<int:run_pk>/retry/",
        stability.stability_retry,
        name="stability-retry",
    ),
    path(
        "cohorts/<int:pk>/stability/of/<str:method>/",
        stability.stability_detail,
        name="stability-detail",
    ),
    path(
        "cohorts/<int:pk>/stability/of/<str:method>/<str:code>/<slug:name>.png",
        stability.stability_picture,
        name="stability-picture",
    ),
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
    path("cohorts/<int:pk>/sweeps/", sweeps.sweep_list, name="sweep-list"),
    path(
        "cohorts/<int:pk>/sweeps/request/", sweeps.sweep_request, name="sweep-request"
    ),
    path(
        "cohorts/<int:pk>/sweeps/<int:sweep_pk>/",
        sweeps.sweep_detail,
        name="sweep-detail",
    ),
    path(
        "cohorts/<int:pk>/sweeps/<int:sweep_pk>/stop/",
        sweeps.sweep_stop,
        name="sweep-stop",
    ),
    path(
        "cohorts/<int:pk>/sweeps/<int:sweep_pk>/restart/",
        sweeps.sweep_restart,
        name="sweep-restart",
    ),
    path(
        "cohorts/<int:pk>/sweeps/<int:sweep_pk>/points.csv",
        sweeps.sweep_export,
        name="sweep-export",
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
