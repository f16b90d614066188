"""Identifiers become keyed digests: the same again is noticed, nobody is named.

The key is IDENTITY_KEY, which is outside the database. Without it no digest can be
led back to the identifier it was made of, not even by trying all there are.
"""

from collections.abc import Iterable

from django.conf import settings
from django.utils.crypto import salted_hmac


def _digest(salt: str, value: str) -> str:
    keyed = salted_hmac(
        f"readerstudy.cases.{salt}",
        value,
        secret=settings.IDENTITY_KEY,
        algorithm="sha256",
    )
    return keyed.hexdigest()


def patient_digest(patient_id: str) -> str:
    """64 hex digits of PatientID."""
    return _digest("patient", patient_id)


def instance_digest(sop_uids: Iterable[str]) -> str:
    """One digest for the SOP instances of a series, in whatever order they came."""
    return _digest("instances", "\n".join(sorted(sop_uids)))


def examination_digest(study_uid: str) -> str:
    """Keyed digest of StudyInstanceUID."""
    return _digest("examination", study_uid)


def frame_digest(frame_of_reference_uid: str) -> str:
    """Keyed digest of FrameOfReferenceUID."""
    return _digest("frame", frame_of_reference_uid)
