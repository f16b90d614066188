"""What pages and other apps may read of studies. Blind unless it says otherwise."""

from .own_answers import changeable_answers
from .pixels import pixels_ahead, read_pixels, shown_read
from .room import SessionProgress, preferences, reading_state, reading_states
from .studies import (
    ReaderProgress,
    arm_examples,
    leak_oracle_last,
    may_see_studies,
    own_readings,
    roles_in_studies,
    study_progress,
    unblinded_people,
)

__all__ = [
    "ReaderProgress",
    "SessionProgress",
    "arm_examples",
    "changeable_answers",
    "leak_oracle_last",
    "may_see_studies",
    "own_readings",
    "pixels_ahead",
    "preferences",
    "read_pixels",
    "reading_state",
    "reading_states",
    "roles_in_studies",
    "shown_read",
    "study_progress",
    "unblinded_people",
]
