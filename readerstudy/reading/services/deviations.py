"""What did not go as the protocol wants it, noted as it is noticed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from ..models import Deviation, Read, Study

LONGEST_ABSENCE_SECONDS = 60


@dataclass(frozen=True)
class Observed:
    """What the reader's browser tells with an answer.

    away_seconds: how long the window was left during the read, all together.
    slice_side: of a slice on the screen, in CSS pixels; None: not told.
    device: digest of browser and screen; empty: not told.
    """

    away_seconds: int = 0
    slice_side: int | None = None
    device: str = ""


NOT_OBSERVED = Observed()
SCREEN_LENGTH = 64  # of what a browser tells of its screen


def device_digest(*, user_agent: str, screen: str) -> str:
    """What tells one device from another, 64 hexadecimal; empty if it told nothing.

    screen: as the browser puts it, "1920x1080@2".
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
    kind = Deviation.Kind
    found: list[tuple[str, int | None]] = []
    assert shown_at is not None
    seconds = int((now - shown_at).total_seconds())
    if seconds > 60 * study.long_pause_minutes:
        found.append((kind.LONG_PAUSE, seconds))
    if observed.away_seconds > LONGEST_ABSENCE_SECONDS:
        found.append((kind.FOCUS, observed.away_seconds))
    side = observed.slice_side
    if side is not None and side < study.least_slice_side:
        found.append((kind.VIEWPORT, side))
    session = read.session
    # a read opened again after its session is no longer read in that session
    is_new = observed.device and observed.device != session.device
    if is_new and session.finished_at is None:
        if session.device:
            found.append((kind.DEVICE, None))
        session.device = observed.device
        session.save(update_fields=["device"])
    if found:
        Deviation.objects.bulk_create(
            Deviation(
                reader_id=read.reader_id,
                session=session,
                read=read,
                kind=one,
                amount=amount,
                at=now,
            )
            for one, amount in found
        )
