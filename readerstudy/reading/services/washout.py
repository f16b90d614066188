"""The washout between two sessions of a reader."""

from datetime import datetime, timedelta

from ..models import Deviation, Session, Study


def washout_over_at(*, study: Study, session: Session) -> datetime | None:
    """When the washout since the reader's last finished session is over."""
    previous = (
        Session.objects.filter(reader=session.reader_id, number__lt=session.number)
        .order_by("-number")
        .values_list("finished_at", flat=True)
        .first()
    )
    return previous and previous + timedelta(days=study.washout_days)


def session_opens_at(*, study: Study, session: Session) -> datetime | None:
    """When the session may begin; None: at once."""
    return None if session.waived_at else washout_over_at(study=study, session=session)


def washout_deviation_write(*, study: Study, session: Session, now: datetime) -> None:
    """A session begins early, as a coordinator allowed; nothing if it is not early."""
    over_at = washout_over_at(study=study, session=session)
    if over_at and over_at > now:
        Deviation.objects.create(
            reader_id=session.reader_id,
            session=session,
            kind=Deviation.Kind.WASHOUT,
            amount=int((over_at - now).total_seconds() // 3600),
            at=now,
        )
