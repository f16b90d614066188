from django.urls import path

from . import views

app_name = "inference"
urlpatterns = [
    path("cohorts/<int:pk>/jobs/", views.job_list, name="job-list"),
    path("cohorts/<int:pk>/jobs/request/", views.job_request, name="job-request"),
    path(
        "cohorts/<int:pk>/jobs/<int:job_pk>/cancel/",
        views.job_cancel,
        name="job-cancel",
    ),
    path(
        "cohorts/<int:pk>/jobs/<int:job_pk>/retry/", views.job_retry, name="job-retry"
    ),
    path("networks/", views.weights_list, name="weights-list"),
    path("networks/upload/", views.weights_upload, name="weights-upload"),
]
