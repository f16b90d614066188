"""What the page of a cohort's jobs is given."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.cases.models import Cohort, Rendition, Series
from readerstudy.imaging.preprocessing import STORED_SLICES
from readerstudy.imaging.study_types import study_type_get

from . import registry
from .learned import learned_under
from .living import living_workers
from .models import Job, Worker
from .training_pages import duration

LONG = timedelta(minutes=2)  # seconds say nothing any more


@dataclass(frozen=True)
class JobRow:
    """taken: in words, with the pauses between attempts; empty before it began.
    images_per_second: of what this job stored; None before it is done.
    versions: what computed, each with its version.
    """

    job: Job
    title: str
    failures: list[tuple[str, str]]
    can_retry: bool
    taken: str
    images_per_second: float | None
    versions: list[str]
    key: str  # of the row's details, another once the job has ended
    notes: list[str]  # on what the network learned from


def job_rows(cohort: Cohort) -> list[JobRow]:
    """The cohort's jobs, the newest first."""
    return [job_row(job) for job in jobs_counted(cohort)]


def jobs_counted(cohort: Cohort) -> QuerySet[Job]:
    """The cohort's jobs, the newest first, each with how many slices it `stored`."""
    jobs: QuerySet[Job] = cohort.jobs.select_related("weights", "requested_by")
    return jobs.annotate(stored=Subquery(_stored(cohort)))


def _stored(cohort: Cohort) -> QuerySet[Rendition, int]:
    """How many slices a job has stored; none of those that were there before it."""
    own = Rendition.objects.filter(
        case__cohort=OuterRef("cohort"),
        method=OuterRef("rendition_method"),
        made_at__gte=OuterRef("started_at"),
    )
    number: Any = Count("pk") * STORED_SLICES
    if study_type_get(cohort.study_type).is_stack:
        scans = Q(case__series__role=Series.Role.SHORT)
        number = Sum("case__series__slices", filter=scans)
    counted = own.order_by().values("method").annotate(number=number)
    return counted.values_list("number", flat=True)


def job_row(job: Job) -> JobRow:
    """One of `jobs_counted`."""
    ended = (Job.State.FAILED, Job.State.CANCELLED)
    taken = _taken(job)
    return JobRow(
        job=job,
        title=_title(job),
        failures=sorted(job.failures.items()),
        can_retry=job.state in ended,
        taken=_in_words(taken) if taken else "",
        images_per_second=_rate(job, taken),
        versions=[f"{name} {version}" for name, version in job.versions.items()],
        key=f"{job.pk}-{job.state}",
        notes=learned_under(job.weights.card).words if job.weights else [],
    )


def _title(job: Job) -> str:
    if job.weights:
        return job.weights.title
    spec = registry.METHODS.get(job.method)
    return spec.title if spec else job.method


def _taken(job: Job) -> timedelta | None:
    if job.started_at is None:
        return None
    return (job.finished_at or timezone.now()) - job.started_at


def _in_words(taken: timedelta) -> str:
    if taken < LONG:
        return _("%(seconds)s s") % {"seconds": f"{taken.total_seconds():.1f}"}
    return duration(taken.total_seconds())


def _rate(job: Job, taken: timedelta | None) -> float | None:
    stored = getattr(job, "stored", None)
    if job.state != Job.State.DONE or not stored or not taken:
        return None
    return float(stored / taken.total_seconds())


@dataclass(frozen=True)
class WorkerRow:
    worker: Worker
    queues: str


def worker_rows() -> list[WorkerRow]:
    """Those that live, the one seen last first."""
    return [WorkerRow(one, ", ".join(one.queues)) for one in living_workers()]
