"""Blinded reader studies of medical images, from Python: a thin client of /api/v1/."""

from .client import Client
from .cohorts import Cohort
from .errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    ProblemError,
    TooManyRequestsError,
    UnreachableError,
)
from .export import Export
from .reading import (
    Asked,
    Due,
    Image,
    Question,
    Reading,
    ReadingState,
    Stacks,
    Stage,
)
from .studies import Preflight, ReaderProgress, Study, Unblinding

__all__ = [
    "Asked",
    "Client",
    "Cohort",
    "ConflictError",
    "Due",
    "Export",
    "Image",
    "InvalidError",
    "NotAllowedError",
    "NotFoundError",
    "NotSignedInError",
    "Preflight",
    "ProblemError",
    "Question",
    "ReaderProgress",
    "Reading",
    "ReadingState",
    "Stacks",
    "Stage",
    "Study",
    "TooManyRequestsError",
    "Unblinding",
    "UnreachableError",
]
