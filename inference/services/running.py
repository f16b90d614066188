"""A job at work: every case that still lacks its image, one after the other."""

import logging
import platform
from collections.abc import Callable
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from inference import registry, selectors
from inference.claims import new_claim
from inference.learned import Known
from inference.models import Job
from readerstudy.cases import selectors as cases_selectors
from readerstudy.cases import services as cases_services
from readerstudy.cases.learning import LEARNED_FROM
from readerstudy.cases.models import Case, Cohort, Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import to_eight_bit

from .jobs import job_claim
from .runs import ClaimLostError, run_end, run_report

logger = logging.getLogger(__name__)
Method = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
# Sentences are kept as they stand; the page translates them.
UNEXPECTED = gettext_noop("An unexpected error, described in the worker's log.")
SOME_FAILED = gettext_noop("%(failed)s of %(total)s cases failed.")


def job_run(*, job_id: int) -> None:
    """Take up a waiting job and do what is missing. Safe to call at any time:
    a job that is not waiting is left alone, a case that is done is not done again.
    """
    claim = new_claim()
    job = job_claim(job_id=job_id, claim=claim)
    if job is None:
        return
    try:
        failures = _do_missing_cases(job, claim)
    except ClaimLostError:
        logger.info("job %s: given up, it is no longer ours", job_id)
    except Refused as refusal:
        _end(job, claim, Job.State.FAILED, message=str(refusal))
    except Exception:
        logger.exception("job %s failed", job_id)
        _end(job, claim, Job.State.FAILED, message=UNEXPECTED)
    else:
        if failures:
            message = SOME_FAILED % {"failed": len(failures), "total": job.total}
            _end(job, claim, Job.State.FAILED, message=message)
        else:
            _end(job, claim, Job.State.DONE, message="")


def _do_missing_cases(job: Job, claim: str) -> dict[str, str]:
    """Case code → what went wrong, for each case that failed."""
    cases = list(job.cohort.cases.order_by("code"))
    provenance = _provenance(job)
    known = Known(job.weights.card) if job.weights else None
    done = _done_cases(job, provenance, known)
    failures: dict[str, str] = {}
    job.total = len(cases)
    missing = [case for case in cases if case.pk not in done]
    _report(job, claim, done=len(done), failures=failures)
    method = _open_method(job) if missing else None
    for case in missing:
        assert method is not None
        try:
            _do_case(case, job, method, provenance | _learned(known, case))
            done.add(case.pk)
        except Refused as refusal:
            failures[case.code] = str(refusal)
        except Exception:
            logger.exception("job %s, case %s", job.pk, case.code)
            failures[case.code] = UNEXPECTED
        _report(job, claim, done=len(done), failures=failures)
    return failures


def _learned(known: Known | None, case: Case) -> dict[str, str]:
    """What the patient was to the network, for its image; nothing of a filter."""
    return {LEARNED_FROM: known.learned(*case.patient_digests)} if known else {}


def _done_cases(job: Job, provenance: dict[str, Any], known: Known | None) -> set[int]:
    """The cases that have this image, all made in the way it would be made now.

    A row whose file was lost or damaged is no image, and one that was made from
    another short image than today's shows other slices: both are made again. So is
    one that does not say what its patient was to the network.
    """
    shorts = Rendition.objects.filter(case__cohort=job.cohort, method="short")
    inputs = dict(shorts.values_list("case", "sha256"))
    done = set()
    for rendition in Rendition.objects.filter(
        case__cohort=job.cohort, method=job.rendition_method
    ).select_related("case"):
        if rendition.provenance.get("settings") != provenance["settings"]:
            raise Refused(
                gettext_noop(
                    "Cases of this cohort already have images by %(title)s with "
                    "other settings (%(settings)s); both cannot stand in one arm."
                )
                % {
                    "title": registry.method_get(job.method).title,
                    "settings": rendition.provenance.get("settings"),
                }
            )
        today = inputs.get(rendition.case_id)
        said = rendition.provenance
        stale = today and said.get("input_sha256", today) != today
        silent = known is not None and LEARNED_FROM not in said
        if not stale and not silent and cases_selectors.rendition_is_whole(rendition):
            done.add(rendition.case_id)
    return done


def _do_case(case: Case, job: Job, method: Method, provenance: dict[str, Any]) -> None:
    try:
        short = cases_selectors.rendition_get(case=case, method="short")
    except Rendition.DoesNotExist:
        raise Refused(gettext_noop("It has no image of the short scan.")) from None
    output = method(to_eight_bit(cases_selectors.rendition_values(short)))
    if not np.isfinite(output).all():
        raise Refused(gettext_noop("The output has pixels that are not numbers."))
    with transaction.atomic():
        # The slice of a case may have been corrected while we were computing. All
        # lock the cohort before its cases; the other order would wait for ever.
        Cohort.objects.select_for_update().get(pk=case.cohort_id)
        now = cases_selectors.rendition_get(case=case, method="short")
        if now.sha256 != short.sha256:
            raise Refused(gettext_noop("Its slices were changed meanwhile; try again."))
        cases_services.rendition_save(
            case=case,
            method=job.rendition_method,
            values=output,
            provenance={**provenance, "input_sha256": short.sha256},
        )


def _open_method(job: Job) -> Method:
    """The filter or network as a function: uint8 (N, 64, 64) → float32 in 0–1."""
    spec = registry.method_get(job.method)
    if spec.kind == "filter":
        from inference.filters import FILTERS

        return lambda images: FILTERS[spec.key](images, **spec.settings)
    if job.weights is None:
        raise Refused(gettext_noop("%(title)s has no weights.") % {"title": spec.title})
    weights = selectors.weights_file(job.weights)
    # only here, in a worker: torch takes seconds to load
    from inference import prediction

    network = prediction.load_unet(weights)

    def method(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        with prediction.threads(prediction.THREADS):
            return prediction.predict(network, images[None], in_channels=1)[0]

    return method


def _provenance(job: Job) -> dict[str, Any]:
    """How the image came about, stored beside it; the same for every run."""
    spec = registry.method_get(job.method)
    settings = job.weights.card["configuration"] if job.weights else spec.settings
    return {
        "made_by": spec.kind,
        "method": spec.key,
        "settings": dict(settings),
        "weights_sha256": job.weights.sha256 if job.weights else None,
        "device": "cpu",
        "versions": _versions(spec.kind),
    }


def _versions(kind: str) -> dict[str, str]:
    from importlib.metadata import version

    names = ("torch",) if kind == "network" else ("scipy",)
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", *names)},
    }


def _report(job: Job, claim: str, *, done: int, failures: dict[str, str]) -> None:
    """Sign of life and progress; raises ClaimLostError when the job is not ours."""
    run_report(
        job,
        claim,
        further=done > job.done,
        done=done,
        total=job.total,
        failures=failures,
    )
    job.done = done


def _end(job: Job, claim: str, state: Job.State, *, message: str) -> None:
    run_end(job, claim, state, message=message)
