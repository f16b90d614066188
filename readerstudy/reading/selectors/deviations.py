"""What did not go as the protocol wants it, for who runs the study: blind."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext as _

from ..models import Deviation, Membership, Study
from .conduct import Place, Words, place_of


@dataclass(frozen=True)
class SeenDeviation:
    place: Place
    kind: str
    words: Words
    amount: int | None  # seconds, pixels of a slice's side or hours, as `told` says
    told: str  # the amount with its unit
    at: datetime


@dataclass(frozen=True)
class DeviationCount:
    """How often one kind happened to each reader, in the order of their codes."""

    words: Words
    readers: tuple[int, ...]


def deviation_counts(study: Study) -> list[DeviationCount]:
    """Kinds that happened; none of them: an empty list."""
    readers = study.memberships.filter(role=Membership.Role.READER)
    codes = list(readers.order_by("code").values_list("code", flat=True))
    rows = Deviation.objects.filter(reader__study=study).values("kind", "reader__code")
    counted = {
        (row["kind"], row["reader__code"]): row["times"]
        for row in rows.annotate(times=Count("pk")).order_by()
    }
    happened = {kind for kind, reader in counted}
    return [
        DeviationCount(
            kind.label, tuple(counted.get((kind, code), 0) for code in codes)
        )
        for kind in Deviation.Kind
        if kind in happened
    ]


def deviations(study: Study, *, newest: int | None = None) -> list[SeenDeviation]:
    """What the program noticed, newest first; only the last `newest`, if given."""
    rows = (
        Deviation.objects.filter(reader__study=study)
        .select_related("reader", "session", "read__reader", "read__session")
        .order_by("-at", "-pk")
    )
    return [
        SeenDeviation(
            place=(
                place_of(row.read)
                if row.read
                else Place(row.reader.code, row.session.number, None)
            ),
            kind=row.kind,
            words=row.get_kind_display(),
            amount=row.amount,
            told=_amount_told(row),
            at=row.at,
        )
        for row in rows[:newest]
    ]


def _amount_told(row: Deviation) -> str:
    if row.amount is None:
        return ""
    if row.kind == Deviation.Kind.WASHOUT:
        return _("%(hours)d h too early") % {"hours": row.amount}
    if row.kind == Deviation.Kind.VIEWPORT:
        return _("a side of %(pixels)d px") % {"pixels": row.amount}
    minutes, seconds = divmod(row.amount, 60)
    return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds}
