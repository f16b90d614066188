"""Identifiers become keyed digests: the same again is noticed, nobody is named.

The key is IDENTITY_KEY, which is outside the database. Without it no digest can be
led back to the identifier it was made of, not even by trying all there are.
"""

from collections.abc import Iterable, Mapping, Sequence

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


def patients_among(ids: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """Key of a case → its patient: a digest, the same wherever two cases share an id.

    ids: key → digests of the patient ids that the scans of a case bear, one or two.
        A case of two makes them one patient, and so on along any chain.
    """
    leads_to: dict[str, str] = {}

    def patient(digest: str) -> str:
        while leads_to.get(digest, digest) != digest:
            digest = leads_to[digest]
        return digest

    for first, *others in ids.values():
        for other in others:
            leads_to[patient(other)] = patient(first)
    return {key: patient(digests[0]) for key, digests in ids.items()}
