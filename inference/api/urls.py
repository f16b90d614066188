"""Addresses under /api/v1/."""

from django.urls import path

from . import jobs, networks, trainings

app_name = "inference-api"

NETWORK = "networks/<int:pk>/"
JOBS = "cohorts/<int:pk>/jobs/"
JOB = JOBS + "<int:job_pk>/"
TRAININGS = "cohorts/<int:pk>/trainings/"
TRAINING = TRAININGS + "<int:training_pk>/"

urlpatterns = [
    path("methods/", networks.MethodList.as_view(), name="method-list"),
    path("recipes/", trainings.RecipeList.as_view(), name="recipe-list"),
    path("networks/", networks.NetworkList.as_view(), name="network-list"),
    path(NETWORK, networks.NetworkDetail.as_view(), name="network-detail"),
    path(NETWORK + "probe/", networks.NetworkProbe.as_view(), name="network-probe"),
    path(
        NETWORK + "preview/",
        networks.NetworkPreview.as_view(),
        name="network-preview",
    ),
    path("cohorts/<int:pk>/workers/", jobs.WorkerList.as_view(), name="worker-list"),
    path(JOBS, jobs.JobList.as_view(), name="job-list"),
    path(JOB, jobs.JobDetail.as_view(), name="job-detail"),
    path(JOB + "cancel/", jobs.JobCancel.as_view(), name="job-cancel"),
    path(JOB + "retry/", jobs.JobRetry.as_view(), name="job-retry"),
    path(
        "cohorts/<int:pk>/learnable/", trainings.Learnable.as_view(), name="learnable"
    ),
    path(TRAININGS, trainings.TrainingList.as_view(), name="training-list"),
    path(TRAINING, trainings.TrainingDetail.as_view(), name="training-detail"),
    path(TRAINING + "stop/", trainings.TrainingStop.as_view(), name="training-stop"),
    path(
        TRAINING + "resume/", trainings.TrainingResume.as_view(), name="training-resume"
    ),
    path(
        TRAINING + "forget/", trainings.TrainingForget.as_view(), name="training-forget"
    ),
]
