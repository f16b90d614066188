"""The acts on studies and readings. Every change of theirs happens here."""

from .amendments import protocol_amend
from .answering import Submitted, read_submit
from .conditions import Conditions, check_answer, check_start
from .conduct import Due, Seat, read_next
from .deviations import Observed, device_digest
from .guesses import GuessSubmitted, guess_next, guess_submit
from .members import member_appoint, member_mark_simulated
from .preferences import preferences_save
from .protocol_files import Loaded, document_load, draft_change, protocol_load
from .reopening import read_reopen, read_revisit, read_undo, session_finish
from .studies import (
    ArmChoice,
    arm_add,
    member_add,
    study_close,
    study_create,
    study_open,
    study_update,
)
from .training import Feedback, attempt_start, training_next, training_submit
from .unblinding import code_break, unblinding_approve, unblinding_withdraw
from .washout import washout_waive

__all__ = [
    "ArmChoice",
    "Conditions",
    "Due",
    "Feedback",
    "GuessSubmitted",
    "Loaded",
    "Observed",
    "Seat",
    "Submitted",
    "arm_add",
    "attempt_start",
    "check_answer",
    "check_start",
    "code_break",
    "device_digest",
    "document_load",
    "draft_change",
    "guess_next",
    "guess_submit",
    "member_add",
    "member_appoint",
    "member_mark_simulated",
    "preferences_save",
    "protocol_amend",
    "protocol_load",
    "read_next",
    "read_reopen",
    "read_revisit",
    "read_submit",
    "read_undo",
    "session_finish",
    "study_close",
    "study_create",
    "study_open",
    "study_update",
    "training_next",
    "training_submit",
    "unblinding_approve",
    "unblinding_withdraw",
    "washout_waive",
]
