"""How the reads of a study came in over time, reader by reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min

from readerstudy.reading.models import Membership, Read, Study

MOST_POINTS = 300  # of one reader: more cannot be told apart in a figure


@dataclass(frozen=True)
class SessionSpan:
    """One session: when its first and its last read were submitted, and how many."""

    number: int
    first: datetime
    last: datetime
    reads: int


@dataclass(frozen=True)
class ProgressPoint:
    """From `at` on, this many reads had been submitted."""

    at: datetime
    reads: int


@dataclass(frozen=True)
class ReaderProgress:
    """points: in order of time, evenly thinned where there are very many; the first
    and the last read of the reader, and the last of each session, always."""

    reader: str
    sessions: tuple[SessionSpan, ...]
    points: tuple[ProgressPoint, ...]

    @property
    def reads(self) -> int:
        return sum(one.reads for one in self.sessions)


def reading_progress(
    study: Study, readers: Sequence[Membership]
) -> tuple[ReaderProgress, ...]:
    """Submitted reads, second readings too."""
    return tuple(_progress(study, reader) for reader in readers)


def _progress(study: Study, reader: Membership) -> ReaderProgress:
    reads = Read.objects.filter(
        session__study=study, reader=reader, submitted_at__isnull=False
    )
    rows = (
        reads.order_by()
        .values_list("session__number")
        .annotate(Min("submitted_at"), Max("submitted_at"), Count("pk"))
    )
    sessions = tuple(SessionSpan(*row) for row in sorted(rows))
    total = sum(one.reads for one in sessions)
    ends = {one.last for one in sessions}
    step = -(-total // MOST_POINTS) or 1
    times = reads.order_by("submitted_at").values_list("submitted_at", flat=True)
    points = tuple(
        ProgressPoint(at, number)
        for number, at in enumerate(times.iterator(), start=1)
        if at is not None and (number % step == 0 or number in (1, total) or at in ends)
    )
    return ReaderProgress(reader.code, sessions, points)
