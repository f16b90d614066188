"""What a DICOMweb client stores: object by object into its user's own upload."""

import logging
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from ..gateways.multipart import Part
from ..gateways.part10 import read_head, study_of
from ..gateways.stow import (
    CANNOT_UNDERSTAND,
    OUT_OF_RESOURCES,
    PROCESSING_FAILURE,
    Stored,
)
from ..models import Upload
from ..storage.room import NoRoomError
from ..storage.sealing import sealed_open
from .instances import Staged, instance_receive, staged
from .receiving import TooLongError

logger = logging.getLogger(__name__)

DICOM = ("application/dicom", "")
MOST_INSTANCES = 100_000


def instances_store(
    *, user: User, parts: Iterable[Part], study_uid: str = ""
) -> list[Stored]:
    """One outcome for each part, in their order. Refused: they do not end.

    study_uid: objects of other studies are not stored; "" for any.
    """
    outcomes: list[Stored] = []
    for part in parts:
        if len(outcomes) >= MOST_INSTANCES:
            raise Refused(gettext_noop("These are too many objects for one request."))
        outcomes.append(_store(user, part, study_uid))
    return outcomes


def _store(user: User, part: Part, study_uid: str) -> Stored:
    if part.media_type not in DICOM:
        return Stored(failure=CANNOT_UNDERSTAND)
    try:
        with staged(part.content) as one:
            return _keep(user, one, study_uid)
    except (TooLongError, NoRoomError) as error:
        logger.warning("An object was refused: %s", error)
        return Stored(failure=OUT_OF_RESOURCES)
    except OSError as error:  # the disk is full
        logger.error("An object was not stored: %s", type(error).__name__)
        return Stored(failure=OUT_OF_RESOURCES)


def _keep(user: User, one: Staged, study_uid: str) -> Stored:
    try:
        with sealed_open(one.path) as file:
            head = read_head(file)
            file.seek(0)
            found = study_of(file, head) if study_uid else None
    except Refused:
        return Stored(failure=CANNOT_UNDERSTAND)
    if study_uid and found not in (None, study_uid):
        return Stored(head.sop_class, head.sop_uid, PROCESSING_FAILURE)
    try:
        instance_receive(
            one=one, sop_uid=head.sop_uid, user=user, origin=Upload.Origin.STOW
        )
    except (TooLongError, NoRoomError) as error:
        logger.warning("An object was refused: %s", error)
        return Stored(head.sop_class, head.sop_uid, OUT_OF_RESOURCES)
    return Stored(head.sop_class, head.sop_uid)
