"""The acts on studies and readings. Every change of theirs happens here."""

from .conduct import Due, Submitted, read_next, read_submit
from .deviations import Observed
from .members import member_mark_simulated
from .reopening import read_reopen, read_revisit, session_finish
from .studies import (
    ArmChoice,
    arm_add,
    member_add,
    study_close,
    study_create,
    study_open,
    study_unblind,
    study_update,
)

__all__ = [
    "ArmChoice",
    "Due",
    "Observed",
    "Submitted",
    "arm_add",
    "member_add",
    "member_mark_simulated",
    "read_next",
    "read_reopen",
    "read_revisit",
    "read_submit",
    "session_finish",
    "study_close",
    "study_create",
    "study_open",
    "study_unblind",
    "study_update",
]
