"""What is stored of studies: protocol and people, plan and answers, circumstances."""

from .answers import Answer, Score
from .conduct import (
    Deviation,
    TrainingAttempt,
    TrainingItem,
    TrainingRead,
    ViewingCheck,
)
from .preferences import Preferences
from .reads import ArmGuess, CodeBreak, Read, Reopening, Session
from .study import (
    IMAGE_METRICS,
    Amendment,
    Arm,
    LeakOracleRun,
    Membership,
    Study,
    UnblindingApproval,
)

__all__ = [
    "IMAGE_METRICS",
    "Amendment",
    "Answer",
    "Arm",
    "ArmGuess",
    "CodeBreak",
    "Deviation",
    "LeakOracleRun",
    "Membership",
    "Preferences",
    "Read",
    "Reopening",
    "Score",
    "Session",
    "Study",
    "TrainingAttempt",
    "TrainingItem",
    "TrainingRead",
    "UnblindingApproval",
    "ViewingCheck",
]
