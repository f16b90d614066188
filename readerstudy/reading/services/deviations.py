"""What did not go as the protocol wants it, noted as it is noticed."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ..models import Deviation, Read, Session, Study

LONGEST_ABSENCE_SECONDS = 60


@dataclass(frozen=True)
class Observed:
    """What the reader's browser tells with an answer; None or empty: not told.

    first_ms, spent_ms, away_ms, held_ms, window: as Answer has them, window as (low,
    high). slice_side: of a slice on the screen, in CSS pixels. device: digest of
    browser and screen.
    """

    first_ms: int | None = None
    spent_ms: int | None = None
    away_ms: int | None = None
    held_ms: int | None = None
    window: tuple[int, int] | None = None
    slice_side: int | None = None
    device: str = ""


NOT_OBSERVED = Observed()
SCREEN_LENGTH = 64  # of what a browser tells of its screen


def device_digest(*, user_agent: str, screen: str) -> str:
    """What tells one device from another, 64 hexadecimal; empty if it told nothing.

    screen: as the browser puts it, "1920x1080".
    """
    screen = screen[:SCREEN_LENGTH]
    if not screen:
        return ""
    return hashlib.sha256(f"{user_agent}\n{screen}".encode()).hexdigest()


def deviations_write(
    *,
    study: Study,
    read: Read,
    shown_at: datetime | None,
    observed: Observed,
    now: datetime,
) -> None:
    """Note all that went wrong while a read was answered; once for each answer.

    shown_at: when it came before its reader, for the first time or once more.
    """
    assert shown_at is not None
    found: list[tuple[str, int | None]] = [
        *_circumstances(study, (now - shown_at).total_seconds(), observed),
        *_another_device(read.session, observed.device),
    ]
    if found:
        Deviation.objects.bulk_create(
            Deviation(
                reader_id=read.reader_id,
                session=read.session,
                read=read,
                kind=kind,
                amount=amount,
                at=now,
            )
            for kind, amount in found
        )


def _circumstances(
    study: Study, seconds: float, observed: Observed
) -> Iterator[tuple[str, int]]:
    """seconds: from showing the read to storing its answer."""
    kind = Deviation.Kind
    seconds -= (observed.held_ms or 0) / 1000
    if seconds > 60 * study.long_pause_minutes:
        yield kind.LONG_PAUSE, int(seconds)
    away_seconds = (observed.away_ms or 0) // 1000
    if away_seconds > LONGEST_ABSENCE_SECONDS:
        yield kind.FOCUS, away_seconds
    side = observed.slice_side
    if side is not None and side < study.least_slice_side:
        yield kind.VIEWPORT, side


def _another_device(session: Session, device: str) -> Iterator[tuple[str, None]]:
    """The session is read on this one from now on.

    A read that is opened again after its session is no longer read in that session.
    """
    if not device or device == session.device or session.finished_at:
        return
    if session.device:
        yield Deviation.Kind.DEVICE, None
    session.device = device
    session.save(update_fields=["device"])
