"""Rows of the doors of `inference`."""

from typing import Any

from inference.models import Weights
from inference.services import job_request, stability_request
from tests.cast import Cast
from tests.people import LOGGED_IN, OWN, UPLOADERS
from tests.stability import save_stability
from tests.test_permissions import sweep_of, training_of

from . import Row, Rows

ROWS: Rows = {
    ("inference-api:recipe-list", "GET"): Row(LOGGED_IN),
    **{
        (f"inference-api:{name}", method): Row(UPLOADERS)
        for name, method in (
            ("method-list", "GET"),
            ("network-list", "GET"),
            ("network-list", "POST"),
            ("network-detail", "GET"),
            ("network-probe", "POST"),
        )
    },
    # the case is looked at too, and it is its coordinators' alone
    ("inference-api:network-preview", "GET"): Row(UPLOADERS),
    **{
        (f"inference-api:{name}", method): Row(OWN)
        for name, method in (
            ("worker-list", "GET"),
            ("job-list", "GET"),
            ("job-list", "POST"),
            ("job-detail", "GET"),
            ("job-cancel", "POST"),
            ("job-retry", "POST"),
            ("stability-run-list", "GET"),
            ("stability-run-list", "POST"),
            ("stability-run-detail", "GET"),
            ("stability-run-cancel", "POST"),
            ("stability-run-retry", "POST"),
            ("stability-list", "GET"),
            ("stability-detail", "GET"),
            ("learnable", "GET"),
            ("sweep-list", "GET"),
            ("sweep-list", "POST"),
            ("sweep-detail", "GET"),
            ("sweep-stop", "POST"),
            ("sweep-restart", "POST"),
            ("training-list", "GET"),
            ("training-list", "POST"),
            ("training-detail", "GET"),
            ("training-stop", "POST"),
            ("training-resume", "POST"),
            ("training-forget", "POST"),
        )
    },
}


def values(cast: Cast) -> dict[Any, dict[str, Any]]:
    cohort = {"pk": cast.cohort.pk}
    job = job_request(cohort=cast.cohort, method="gaussian", user=cast.coordinator)
    weights = Weights.objects.create(
        network="onnx", card={}, origin="shipped", file="weights/lost"
    )
    run = stability_request(cohort=cast.cohort, method="short", user=cast.coordinator)
    save_stability(cast.cohort, "gaussian")
    runs = ("stability-run-detail", "stability-run-cancel", "stability-run-retry")
    training = {**cohort, "training_pk": training_of(cast).pk}
    sweep = {**cohort, "sweep_pk": sweep_of(cast).pk}
    swept = ("sweep-detail", "sweep-stop", "sweep-restart")
    names = ("job-detail", "job-cancel", "job-retry")
    acts = ("training-detail", "training-stop", "training-resume", "training-forget")
    networks = ("network-detail", "network-probe", "network-preview")
    return {
        **{f"inference-api:{name}": {**cohort, "job_pk": job.pk} for name in names},
        **{f"inference-api:{name}": {**cohort, "run_pk": run.pk} for name in runs},
        "inference-api:stability-detail": {**cohort, "method": "gaussian"},
        **{f"inference-api:{name}": training for name in acts},
        **{f"inference-api:{name}": sweep for name in swept},
        **{f"inference-api:{name}": {"pk": weights.pk} for name in networks},
    }
