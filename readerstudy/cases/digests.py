"""Identifiers become keyed digests: the same again is noticed, nobody is named."""

from collections.abc import Iterable

from django.utils.crypto import salted_hmac


def _digest(salt: str, value: str) -> str:
    keyed = salted_hmac(f"readerstudy.cases.{salt}", value, algorithm="sha256")
    return keyed.hexdigest()


def patient_digest(patient_id: str) -> str:
    """64 hex digits; without SECRET_KEY they cannot be led back to PatientID."""
    return _digest("patient", patient_id)


def instance_digest(sop_uids: Iterable[str]) -> str:
    """One digest for the SOP instances of a series, in whatever order they came."""
    return _digest("instances", "\n".join(sorted(sop_uids)))


def examination_digest(study_uid: str) -> str:
    """Keyed digest of StudyInstanceUID."""
    return _digest("examination", study_uid)
