"""What readers remarked, for who runs the study: blind, but for their own words."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from ..models import Answer, CodeBreak, Study
from .conduct import KEPT, Place, Words, place_of


@dataclass(frozen=True)
class SeenComment:
    place: Place
    text: Words
    is_kept: bool  # the text says that it is
    at: datetime


def comments(study: Study, *, newest: int | None = None) -> list[SeenComment]:
    """Comments as they stand, newest first; only the last `newest`, if given.

    What was said of a read whose code is broken is kept until unblinding: an opinion
    of an image beside its arm would be a result.
    """
    later = Answer.objects.filter(
        read=OuterRef("read"), version__gt=OuterRef("version")
    )
    broken = CodeBreak.objects.filter(read=OuterRef("read"))
    rows = (
        Answer.objects.filter(~Exists(later), read__reader__study=study)
        .exclude(comment="")
        .annotate(code_is_broken=Exists(broken))
        .select_related("read__reader", "read__session")
        .order_by("-at", "-pk")
    )
    unblinded = study.state == Study.State.UNBLINDED
    found = []
    for row in rows[:newest]:
        is_kept = row.code_is_broken and not unblinded
        text = KEPT if is_kept else row.comment
        found.append(SeenComment(place_of(row.read), text, is_kept, row.at))
    return found
