from django.urls import path

from .views import jobs, weights

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
    path("networks/", weights.weights_list, name="weights-list"),
    path("networks/upload/", weights.weights_upload, name="weights-upload"),
]
