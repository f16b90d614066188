"""Reading the chain: its anchor, and whether it is whole."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from . import chain
from .models import AuditEvent

CHUNK = 2000  # events held in memory at a time


@dataclass(frozen=True)
class Anchor:
    """How many events there are and the last one's hash. Kept elsewhere, it shows
    later that nothing before it was cut off or written anew."""

    events: int
    hash: str


def anchor() -> Anchor:
    last = AuditEvent.objects.order_by("-sequence").values_list("sequence", "hash")
    return Anchor(*(last.first() or (0, chain.FIRST_PREVIOUS_HASH)))


def events_of(study: str) -> QuerySet[AuditEvent]:
    """What was done in one study (its slug), newest first."""
    return AuditEvent.objects.filter(study=study).order_by("-sequence")


@dataclass(frozen=True)
class Verdict:
    """What was found. broken_at: the first event at which the chain does not hold;
    how: in words. Both None for a whole chain, whose last event `anchor` names."""

    anchor: Anchor
    broken_at: int | None = None
    how: str | None = None


def chain_verify(*, anchors: Iterable[str] = ()) -> Verdict:
    """Compute every hash again and follow the chain, in constant memory.

    anchors: hashes that were the last one once; each must be in the chain.
    """
    awaited = set(anchors) - {chain.FIRST_PREVIOUS_HASH}
    passed = Anchor(0, chain.FIRST_PREVIOUS_HASH)
    for event in AuditEvent.objects.order_by("sequence").iterator(chunk_size=CHUNK):
        number = passed.events + 1
        if event.sequence != number:
            return Verdict(passed, number, _missing(number, event.sequence - 1))
        if event.hash != event.expected_hash():
            how = "it was altered: its content does not give its hash"
            return Verdict(passed, number, how)
        if event.previous_hash != passed.hash:
            how = (
                f"it does not follow event {passed.events}, which was altered "
                "together with its hash"
            )
            return Verdict(passed, number, how)
        passed = Anchor(number, event.hash)
        awaited.discard(event.hash)
    if awaited:
        how = (
            f"the anchor {min(awaited)} is nowhere in the chain: the events up to it "
            "were cut off at the end, or all written anew"
        )
        return Verdict(passed, passed.events + 1, how)
    return Verdict(passed)


def _missing(first: int, last: int) -> str:
    return "it is missing" if first == last else f"events {first} to {last} are missing"
