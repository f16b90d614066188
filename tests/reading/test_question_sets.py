"""Every question set is one that the room can show whole and the report can count."""

import pytest

from readerstudy.reading.models import Preferences
from readerstudy.reading.pages.room import _group
from readerstudy.reading.questions import QUESTION_SETS, Kind, Option, Question

pytestmark = pytest.mark.pure


GRADED = [
    one.key
    for one in QUESTION_SETS.values()
    if all(question.kind == Kind.GRADE for question in one.questions)
]


@pytest.mark.parametrize("key", GRADED)
def test_the_room_shows_every_answer_with_a_key_of_its_own(key: str) -> None:
    (question,) = QUESTION_SETS[key].questions
    assert question.key == "grade"
    for layout in Preferences.Keys.values:
        for side in ("right", "left"):
            group = _group(question, side, Preferences(keys=layout))
            assert len(group.choices) == len(question.answers)
            assert len({choice.key for choice in group.choices}) == len(group.choices)


def test_an_answer_without_a_key_is_not_left_out_silently() -> None:
    five = Question("grade", "Grade", tuple(Option(n, str(n)) for n in range(1, 6)))
    with pytest.raises(ValueError, match="zip"):
        _group(five, "left", Preferences())
