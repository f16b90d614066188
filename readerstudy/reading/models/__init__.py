"""What is stored of studies: protocol and people, plan and answers, circumstances."""

from .conduct import (
    Deviation,
    TrainingAttempt,
    TrainingItem,
    TrainingRead,
    ViewingCheck,
)
from .reads import ArmGuess, CodeBreak, Read, Reopening, Score, Session
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
    "Arm",
    "ArmGuess",
    "CodeBreak",
    "Deviation",
    "LeakOracleRun",
    "Membership",
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
