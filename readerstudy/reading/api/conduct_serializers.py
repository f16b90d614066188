"""How the reading goes, blind, and the acts by which a coordinator steps in."""

from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from .. import selectors
from ..models import Membership
from ..selectors import conduct
from ..selectors.comments import SeenComment
from ..selectors.log import LogLine

LONGEST_REASON = 2000
MOST = 32_767
APPOINTED = (Membership.Role.COORDINATOR, Membership.Role.STATISTICIAN)


class SessionProgressSerializer(serializers.Serializer[selectors.SessionProgress]):
    number = serializers.IntegerField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class ReaderProgressSerializer(serializers.Serializer[selectors.ReaderProgress]):
    code = serializers.CharField()
    simulated = serializers.BooleanField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    sessions = SessionProgressSerializer(many=True)


class SeenSessionSerializer(serializers.Serializer[conduct.SeenSession]):
    """One sitting; `median_seconds` of reading, where the browser told them."""

    number = serializers.IntegerField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    last_answer_at = serializers.DateTimeField(allow_null=True)
    median_seconds = serializers.FloatField(allow_null=True)
    opens_at = serializers.DateTimeField(allow_null=True)
    waived_by = serializers.CharField()
    waived_reason = serializers.CharField()


class SeenReaderSerializer(serializers.Serializer[conduct.SeenReader]):
    code = serializers.CharField()
    user = serializers.CharField(source="username")
    simulated = serializers.BooleanField()
    sessions = SeenSessionSerializer(many=True)


class PlaceSerializer(serializers.Serializer[Any]):
    """A read as its reader's screen counts it; number is null for a whole session."""

    reader = serializers.CharField(source="place.reader")
    session = serializers.IntegerField(source="place.session")
    number = serializers.IntegerField(source="place.number", allow_null=True)


class DeviationSerializer(PlaceSerializer):
    """`amount`: seconds, pixels or hours, as its kind has it."""

    kind = serializers.CharField()
    amount = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField()


class CommentSerializer(PlaceSerializer):
    """`is_kept`: the words are not told before the study is unblinded."""

    text = serializers.SerializerMethodField()
    is_kept = serializers.BooleanField()
    at = serializers.DateTimeField()

    def get_text(self, seen: SeenComment) -> str:
        return str(seen.text)


class ReasonSerializer(PlaceSerializer):
    """Who did something to a read, and why."""

    by = serializers.CharField()
    reason = serializers.SerializerMethodField()
    at = serializers.DateTimeField()

    def get_reason(self, seen: Any) -> str:
        return str(seen.reason)


class ReopeningSerializer(ReasonSerializer):
    by_reader = serializers.BooleanField()
    answered_at = serializers.DateTimeField(allow_null=True)


class CodeBreakSerializer(ReasonSerializer):
    """`arm` and `case` are empty for who may not know them."""

    arm = serializers.CharField()
    case = serializers.CharField()


class CheckSerializer(serializers.Serializer[conduct.SeenCheck]):
    """The viewing conditions that a reader told before a session."""

    reader = serializers.CharField()
    session = serializers.IntegerField()
    display = serializers.SerializerMethodField()
    room_light = serializers.SerializerMethodField()
    screen = serializers.CharField()
    passed = serializers.BooleanField()
    at = serializers.DateTimeField()

    def get_display(self, seen: conduct.SeenCheck) -> str:
        return str(seen.display)

    def get_room_light(self, seen: conduct.SeenCheck) -> str:
        return str(seen.room_light)


class AttemptSerializer(serializers.Serializer[conduct.SeenTraining]):
    """Once through the training set; `reached` as its reader was told."""

    reader = serializers.CharField()
    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    reached = serializers.FloatField(allow_null=True)
    passed = serializers.BooleanField(allow_null=True)


class LogLineSerializer(serializers.Serializer[LogLine]):
    """One event of the study's log; `actor` is empty for the program itself."""

    sequence = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    words = serializers.SerializerMethodField()
    subject = serializers.CharField()
    reason = serializers.SerializerMethodField()
    hash = serializers.CharField()

    def get_words(self, line: LogLine) -> str:
        return str(line.words)

    def get_reason(self, line: LogLine) -> str:
        return str(line.reason)


@extend_schema_field(serializers.CharField(max_length=150))
class AccountField(serializers.Field[User, Any, str, Any]):
    """A user name, as its account."""

    def to_internal_value(self, data: Any) -> User:
        name = serializers.CharField(max_length=150).run_validation(data)
        user = User.objects.filter(username=name).first()
        if user is None:
            said = _("There is no account named %s.") % name
            raise serializers.ValidationError(said)
        return user


class StepSerializer(serializers.Serializer[Any]):
    """Whatever is done to a study that is read needs a reason."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class AppointmentSerializer(StepSerializer):
    user = AccountField()
    role = serializers.ChoiceField([(role.value, role.label) for role in APPOINTED])


class WaiverSerializer(StepSerializer):
    """A session whose washout its reader need not wait for."""

    reader = serializers.CharField(max_length=16)
    session = serializers.IntegerField(min_value=1, max_value=MOST)


class ReadStepSerializer(WaiverSerializer):
    """A read by its number within the session, as its reader's screen counts it."""

    number = serializers.IntegerField(min_value=1, max_value=MOST)
