"""What readers' own programs are told, and what they send.

What is told is made by the same `pages` as the screens'; these describe it, and hold
no field beside it.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..models import ArmGuess, Preferences, ViewingCheck
from ..questions import TEXT_LENGTH, Answered, Kind, Mark
from ..selectors.room import ReadingState
from ..selectors.training import TrainingResult, TrainingState
from ..services.answering import COMMENT_LENGTH, KEY_LENGTH
from ..services.reopening import REASON_LENGTH
from .conduct_serializers import MOST, SessionProgressSerializer

LONGEST = 999_999_999  # milliseconds, pixels
BRIGHTEST = 255
STATES = ["read", "guess", "training", "conditions", "review", "pause"] + [
    "finished",
    "closed",
]
TRAINING = ["none", "offered", "required", "passed"]
MARK: dict[str, Any] = {
    "type": "object",
    "description": "a place of the shown stack, from 0",
    "properties": {name: {"type": "integer"} for name in Mark._fields},
}
ANSWER: dict[str, Any] = {
    "oneOf": [
        {"type": "integer"},
        {"type": "string", "description": "why there is no answer, or free words"},
        {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "marks": {"type": "array", "items": MARK},
            },
        },
    ]
}
GRADES: dict[str, Any] = {
    "type": "object",
    "description": "question → patient's side, or “image” → answer, or why it has none",
    "additionalProperties": {"type": "object", "additionalProperties": ANSWER},
    "example": {"grade": {"right": 3, "left": "motion"}},
}
MOST_QUESTIONS = 20


class TrainingStateSerializer(serializers.Serializer[TrainingState]):
    state = serializers.ChoiceField(TRAINING)
    images = serializers.IntegerField()
    attempts = serializers.IntegerField(help_text="finished ones")
    is_begun = serializers.BooleanField()


class ReadingStateSerializer(serializers.Serializer[ReadingState]):
    """One study as its reader sees it: what is done and what comes next."""

    slug = serializers.CharField()
    title = serializers.CharField()
    is_open = serializers.BooleanField()
    simulated = serializers.BooleanField()
    awaits = serializers.CharField(help_text="what comes next, in one word")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    sessions = SessionProgressSerializer(many=True)
    opens_at = serializers.DateTimeField(allow_null=True)
    training = TrainingStateSerializer()
    changes = serializers.CharField(help_text="until when answers may be changed")
    may_change = serializers.BooleanField()
    reopened = serializers.IntegerField(help_text="reads that wait for another answer")
    guesses = serializers.IntegerField(help_text="questions that wait for an answer")


class AskedAnswerSerializer(serializers.Serializer[Any]):
    value = serializers.IntegerField()
    words = serializers.CharField()


class AskedQuestionSerializer(serializers.Serializer[Any]):
    """`kind` says what an answer is: a grade for each side; of the whole image a
    likert value, a choice (1 the left image, 2 the right one, 3 no difference), a
    confidence from 0 to 100, a fidelity, which may bring marks, or a text."""

    key = serializers.CharField()
    kind = serializers.ChoiceField([str(kind) for kind in Kind])
    words = serializers.CharField()
    sides = serializers.ListField(child=serializers.CharField())
    answers = AskedAnswerSerializer(many=True)


class StackWindowSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class StackSerializer(serializers.Serializer[Any]):
    """How whole stacks come: levels 0 to 4095 of two bytes, the low one first; of a
    pair the image for the left of the screen first. 32768: there is no image there,
    where a case is smaller than the largest of its study."""

    slices = serializers.IntegerField()
    rows = serializers.IntegerField()
    columns = serializers.IntegerField()
    images = serializers.IntegerField(help_text="2: they come in pairs")
    low = serializers.FloatField(help_text="value of level 0")
    high = serializers.FloatField(help_text="value of level 4095")
    unit = serializers.CharField()
    windows = StackWindowSerializer(many=True)


class AskedSerializer(serializers.Serializer[Any]):
    """What the study asks and how it shows images: the same for every read."""

    questions = AskedQuestionSerializer(many=True)
    reasons = serializers.ListField(child=serializers.CharField())
    slices = serializers.IntegerField()
    side = serializers.IntegerField(help_text="of a slice, in its own pixels")
    stack = StackSerializer(allow_null=True)
    interpolation = serializers.CharField()
    least_side = serializers.IntegerField()
    break_after = serializers.IntegerField(help_text="minutes; 0: never")
    window_adjustable = serializers.BooleanField()
    changes = serializers.CharField(help_text="until when answers may be changed")


class AgainSerializer(serializers.Serializer[Any]):
    """Told with a read that is answered once more."""

    said = serializers.CharField()
    reason = serializers.CharField()
    grades = serializers.DictField(
        allow_null=True, help_text="what its reader answered before"
    )
    comment = serializers.CharField(allow_blank=True)
    texts = serializers.DictField(help_text="its free words")
    marks = serializers.DictField(help_text="its places on the image")


class PresentedSerializer(serializers.Serializer[Any]):
    """A read: its token, “n of N”, and the token of the read after it."""

    state = serializers.ChoiceField(STATES)
    token = serializers.CharField(required=False)
    number = serializers.IntegerField(required=False)
    of = serializers.IntegerField(required=False)
    next = serializers.CharField(required=False, allow_null=True)
    again = AgainSerializer(required=False, allow_null=True)


class DueSerializer(PresentedSerializer):
    """What a reader may do now; all but `state` only where that is “read”."""

    pixels = serializers.CharField(
        required=False, allow_null=True, help_text="of the read `next`, in base64"
    )


@extend_schema_field(GRADES)
class GradesField(serializers.DictField):
    """Question → patient's side or “image” → answer, or why it cannot be assessed."""

    default_error_messages = {
        "invalid": serializers.CharField.default_error_messages["invalid"]
    }

    def to_internal_value(self, data: Any) -> dict[str, dict[str, Answered]]:
        if not isinstance(data, dict) or len(data) > MOST_QUESTIONS:
            self.fail("not_a_dict", input_type=type(data).__name__)
        return {str(question): self._sides(given) for question, given in data.items()}

    def _sides(self, given: Any) -> dict[str, Answered]:
        if not isinstance(given, dict) or len(given) > MOST_QUESTIONS:
            self.fail("not_a_dict", input_type=type(given).__name__)
        return {str(side): self._answer(value) for side, value in given.items()}

    def _answer(self, value: Any) -> Answered:
        if type(value) is int:
            return value
        if isinstance(value, dict) and len(value) <= MOST_QUESTIONS:
            return value  # each mark is looked at where it is held to the image
        if not isinstance(value, str):
            self.fail("invalid")  # 50.0 is no reason why there is no answer
        words = serializers.CharField(max_length=TEXT_LENGTH, allow_blank=True)
        said: str = words.run_validation(value)
        return said


class AnswersSerializer(serializers.Serializer[Any]):
    """The answer to an image of the training."""

    token = serializers.CharField(max_length=64)
    answers = GradesField()


def milliseconds(told: str) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=0, max_value=LONGEST, required=False, help_text=told
    )


class SubmitSerializer(AnswersSerializer):
    """The answer to a read. The same `key` again is the same answer once."""

    key = serializers.CharField(max_length=KEY_LENGTH)
    comment = serializers.CharField(
        max_length=COMMENT_LENGTH, required=False, allow_blank=True, default=""
    )
    first_ms = milliseconds("until the first grade was chosen")
    spent_ms = milliseconds("of reading")
    away_ms = milliseconds("during which the reader did something else")
    held_ms = milliseconds("for which the answer could not be sent")
    window = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=BRIGHTEST),
        min_length=2,
        max_length=2,
        required=False,
        help_text="grey levels shown black and white",
    )
    slice_side = milliseconds("of a slice on the screen, in pixels")
    screen = serializers.RegexField(
        r"^[0-9]{1,5}x[0-9]{1,5}$", required=False, help_text="such as 1920x1080"
    )


class RevisitSerializer(serializers.Serializer[Any]):
    """An own answer, by its session and number, and why it is to be another."""

    session = serializers.IntegerField(min_value=1, max_value=MOST)
    number = serializers.IntegerField(min_value=1, max_value=MOST)
    reason = serializers.CharField(max_length=REASON_LENGTH)


class OwnGradeSerializer(serializers.Serializer[Any]):
    question = serializers.CharField()
    side = serializers.CharField()
    value = serializers.IntegerField(
        allow_null=True, help_text="null: it cannot be assessed, or is a text"
    )
    words = serializers.CharField(allow_blank=True)


class OwnAnswerSerializer(serializers.Serializer[Any]):
    """An answer as its reader gave it last."""

    session = serializers.IntegerField()
    number = serializers.IntegerField()
    grades = OwnGradeSerializer(many=True)
    comment = serializers.CharField(allow_blank=True)
    is_open = serializers.BooleanField()
    is_locked = serializers.BooleanField()


class OptionSerializer(serializers.Serializer[Any]):
    value = serializers.CharField()
    words = serializers.CharField()


class ConditionsSerializer(serializers.Serializer[Any]):
    """What is asked before a session; the pattern has its own address."""

    session = serializers.IntegerField()
    sessions = serializers.IntegerField()
    attempt = serializers.IntegerField()
    displays = OptionSerializer(many=True)
    room_lights = OptionSerializer(many=True)
    display = serializers.CharField(allow_blank=True)
    room_light = serializers.CharField(allow_blank=True)


class ToldConditionsSerializer(serializers.Serializer[Any]):
    """What a reader tells; the two numbers are read in the pattern."""

    attempt = serializers.IntegerField(min_value=1, max_value=9999)
    display = serializers.ChoiceField(ViewingCheck.Display.choices)
    room_light = serializers.ChoiceField(ViewingCheck.RoomLight.choices)
    dark_number = serializers.CharField(max_length=16, allow_blank=True)
    bright_number = serializers.CharField(max_length=16, allow_blank=True)
    screen = serializers.RegexField(r"^[0-9]{1,5}x[0-9]{1,5}$", required=False)


class SeenSerializer(serializers.Serializer[Any]):
    passed = serializers.BooleanField(help_text="both numbers were seen")


class GuessSerializer(serializers.Serializer[Any]):
    """The question about an image that is graded; its pixels have their address."""

    token = serializers.CharField()
    guesses = OptionSerializer(many=True)
    confidences = AskedAnswerSerializer(many=True)


class ToldGuessSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=64)
    guess = serializers.ChoiceField(ArmGuess.Guess.choices)
    confidence = serializers.IntegerField(
        min_value=1, max_value=5, required=False, allow_null=True, default=None
    )


class FeedbackSerializer(serializers.Serializer[Any]):
    """An answer of the training beside the key, and the image that follows."""

    state = serializers.CharField(help_text="“feedback”")
    given = serializers.DictField()
    key = serializers.DictField()
    next = PresentedSerializer()


class ComparedSerializer(serializers.Serializer[Any]):
    side = serializers.CharField()
    own = serializers.IntegerField()
    key = serializers.IntegerField()
    off = serializers.IntegerField()


class ResultRowSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    question = serializers.CharField()
    compared = ComparedSerializer(many=True)


class TrainingResultSerializer(serializers.Serializer[TrainingResult]):
    """What the last finished attempt came to; `measure` is empty without a gate."""

    number = serializers.IntegerField()
    passed = serializers.BooleanField()
    measure = serializers.CharField()
    minimum = serializers.FloatField(allow_null=True)
    reached = serializers.FloatField(allow_null=True)
    answers = serializers.IntegerField()
    equal = serializers.IntegerField()
    one_off = serializers.IntegerField()
    rows = ResultRowSerializer(many=True)


class ExampleSideSerializer(AskedAnswerSerializer):
    side = serializers.CharField()


class ExampleSerializer(serializers.Serializer[Any]):
    sides = ExampleSideSerializer(many=True)


class AtlasSerializer(serializers.Serializer[Any]):
    """Examples of the grades, in the order of their pixels."""

    examples = ExampleSerializer(many=True)
    slices = serializers.IntegerField()
    side = serializers.IntegerField(source="pixels")
    interpolation = serializers.CharField()


class PreferencesSerializer(serializers.Serializer[Any]):
    keys = serializers.ChoiceField(Preferences.Keys.choices)
    auto_advance = serializers.BooleanField()
