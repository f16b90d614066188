"""What pages and workers read of weights and jobs."""

from dataclasses import dataclass

from django.db.models import QuerySet

from inference import registry
from inference.models import Job, Weights
from inference.networks.weights import WeightsFile, parse_weights
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop


def weights_file(weights: Weights) -> WeightsFile:
    """The checked content, only if it is still the one that was taken in."""
    try:
        with weights.file.open("rb") as file:
            parsed = parse_weights(file.read(), name=weights.title)
    except OSError as error:
        raise Refused(
            gettext_noop("The file of the weights “%(title)s” cannot be read.")
            % {"title": weights.title}
        ) from error
    if parsed.sha256 != weights.sha256:
        raise Refused(
            gettext_noop("The file of the weights “%(title)s” has been changed.")
            % {"title": weights.title}
        )
    return parsed


@dataclass(frozen=True)
class Choice:
    """One thing that can be run on a cohort, as a form offers it."""

    value: str  # a filter's key, or "weights-PK"
    spec: registry.MethodSpec
    weights: Weights | None


def method_choices() -> list[Choice]:
    """Everything that can run here: the filters, then every network's weights."""
    choices = [
        Choice(spec.key, spec, None)
        for spec in registry.METHODS.values()
        if spec.kind == "filter" and not spec.unavailable_reason
    ]
    for weights in Weights.objects.all():
        spec = registry.METHODS.get(weights.network)
        if spec and not spec.unavailable_reason:
            choices.append(Choice(f"weights-{weights.pk}", spec, weights))
    return choices


@dataclass(frozen=True)
class JobRow:
    job: Job
    title: str
    failures: list[tuple[str, str]]
    can_retry: bool


def cohort_jobs(cohort: Cohort) -> list[JobRow]:
    """The cohort's jobs, the newest first."""
    jobs: QuerySet[Job] = cohort.jobs.select_related("weights", "requested_by")
    ended = (Job.State.FAILED, Job.State.CANCELLED)
    return [
        JobRow(
            job=job,
            title=_title(job),
            failures=sorted(job.failures.items()),
            can_retry=job.state in ended,
        )
        for job in jobs
    ]


def _title(job: Job) -> str:
    if job.weights:
        return job.weights.title
    spec = registry.METHODS.get(job.method)
    return spec.title if spec else job.method
