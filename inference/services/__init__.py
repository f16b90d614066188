"""The acts on weights and jobs. Views, tasks and commands call these, by keyword."""

from .jobs import job_cancel, job_claim, job_request, job_retry, jobs_recover
from .running import job_run
from .stability import (
    stabilities_recover,
    stability_cancel,
    stability_request,
    stability_retry,
)
from .stability_running import stability_run
from .sweeps import (
    sweep_points_measure,
    sweep_request,
    sweep_restart,
    sweep_stop,
    sweeps_recover,
)
from .training import (
    training_forget,
    training_request,
    training_resume,
    training_stop,
    trainings_recover,
)
from .training_running import training_run
from .upkeep import files_sweep
from .weights import weights_add, weights_sync_shipped, weights_upload
from .workers import workers_forget

__all__ = [
    "files_sweep",
    "job_cancel",
    "job_claim",
    "job_request",
    "job_retry",
    "job_run",
    "jobs_recover",
    "stabilities_recover",
    "stability_cancel",
    "stability_request",
    "stability_retry",
    "stability_run",
    "sweep_points_measure",
    "sweep_request",
    "sweep_restart",
    "sweep_stop",
    "sweeps_recover",
    "training_forget",
    "training_request",
    "training_resume",
    "training_run",
    "training_stop",
    "trainings_recover",
    "weights_add",
    "weights_sync_shipped",
    "weights_upload",
    "workers_forget",
]
