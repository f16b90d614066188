"""Addresses under /api/v1/."""

from django.urls import path

from . import jobs, networks, stability, sweeps, trainings

app_name = "inference-api"

NETWORK = "networks/<int:pk>/"
JOBS = "cohorts/<int:pk>/jobs/"
JOB = JOBS + "<int:job_pk>/"
RUNS = "cohorts/<int:pk>/stability-runs/"
RUN = RUNS + "<int:run_pk>/"
STABILITY = "cohorts/<int:pk>/stability/"
TRAININGS = "cohorts/<int:pk>/trainings/"
TRAINING = TRAININGS + "<int:training_pk>/"
SWEEPS = "cohorts/<int:pk>/sweeps/"
SWEEP = SWEEPS + "<int:sweep_pk>/"

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
    path(RUNS, stability.StabilityRunList.as_view(), name="stability-run-list"),
    path(RUN, stability.StabilityRunDetail.as_view(), name="stability-run-detail"),
    path(
        RUN + "cancel/",
        stability.StabilityRunCancel.as_view(),
        name="stability-run-cancel",
    ),
    path(
        RUN + "retry/",
        stability.StabilityRunRetry.as_view(),
        name="stability-run-retry",
    ),
    path(STABILITY, stability.StabilityList.as_view(), name="stability-list"),
    path(
        STABILITY + "<str:method>/",
        stability.StabilityDetail.as_view(),
        name="stability-detail",
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
    path(SWEEPS, sweeps.SweepList.as_view(), name="sweep-list"),
    path(SWEEP, sweeps.SweepDetail.as_view(), name="sweep-detail"),
    path(SWEEP + "stop/", sweeps.SweepStop.as_view(), name="sweep-stop"),
    path(SWEEP + "restart/", sweeps.SweepRestart.as_view(), name="sweep-restart"),
]
