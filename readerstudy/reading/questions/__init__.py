"""What readers are asked. A question set is data of the protocol, not of views."""

from .answers import (
    MOST_MARKS,
    OFFERED,
    TEXT_LENGTH,
    WHY_LENGTH,
    Answered,
    Answers,
    Grade,
    Mark,
    check_answers,
    why_shown,
    why_stored,
)
from .kinds import (
    IMAGE,
    MOST_CONFIDENCE,
    OF_PAIRS,
    OF_REGIONS,
    SIDES,
    Kind,
    Option,
    Question,
    QuestionSet,
    Words,
)
from .own import OWN, describe, is_asked, own_question_set, question_set_of
from .sets import QUESTION_SETS

__all__ = [
    "IMAGE",
    "MOST_CONFIDENCE",
    "MOST_MARKS",
    "OFFERED",
    "OF_PAIRS",
    "OF_REGIONS",
    "OWN",
    "QUESTION_SETS",
    "SIDES",
    "TEXT_LENGTH",
    "WHY_LENGTH",
    "Answered",
    "Answers",
    "Grade",
    "Kind",
    "Mark",
    "Option",
    "Question",
    "QuestionSet",
    "Words",
    "check_answers",
    "describe",
    "is_asked",
    "own_question_set",
    "question_set_of",
    "why_shown",
    "why_stored",
]
