"""What the weights of a network owe to a patient: said in every image they make.

Whoever runs a network writes it into the image's provenance under LEARNED_FROM; the
preflight of a study reads it there and lets no such image be read.
"""

from enum import StrEnum

LEARNED_FROM = "learned_from_patient"


class Learned(StrEnum):
    """What the patient of the image was to the weights that made it."""

    NOT = "no"
    TRAINING = "training"  # they learned from the patient
    VALIDATION = "validation"  # they were chosen among others by the patient
    UNKNOWN = "unknown"  # their card does not say whom they learned from
