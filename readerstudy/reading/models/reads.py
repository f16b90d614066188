"""The plan of a study and what becomes of its reads. Rules live in services."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from readerstudy.cases.models import Case

from .study import Arm, Membership, Study


class Session(models.Model):
    """One sitting of one reader."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="reading_sessions")
    reader = models.ForeignKey(Membership, models.PROTECT, related_name="sessions")
    number = models.PositiveSmallIntegerField()  # from 1
    # its reads are the positions first_position … first_position + size − 1
    first_position = models.PositiveIntegerField(default=1)
    size = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    # when its last answer was given; set once the reader has ended the session
    finished_at = models.DateTimeField(null=True)
    # digest of the device on which it is read
    device = models.CharField(max_length=64, blank=True, default="")
    # a coordinator lets it begin before its washout is over
    waived_at = models.DateTimeField(null=True)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    waived_reason = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["study", "reader", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "number"], name="session_number_unique_per_reader"
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(started_at__isnull=False),
                name="session_finished_only_after_started",
            ),
            models.CheckConstraint(
                condition=Q(waived_at__isnull=True)
                | (Q(waived_by__isnull=False) & ~Q(waived_reason="")),
                name="session_waived_by_someone_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.number}"


class Read(models.Model):
    """One planned presentation of one rendition to one reader."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="reads")
    reader = models.ForeignKey(Membership, models.PROTECT, related_name="reads")
    case = models.ForeignKey(Case, models.PROTECT, related_name="reads")
    arm = models.ForeignKey(Arm, models.PROTECT, related_name="reads")
    # of a pair: shown on the right of the screen, `arm` on its left
    second_arm = models.ForeignKey(
        Arm, models.PROTECT, null=True, related_name="second_reads"
    )
    repeat = models.PositiveSmallIntegerField(default=0)  # 1 = the second time
    position = models.PositiveIntegerField()  # from 1, over all of its reader's reads
    token = models.CharField(max_length=32, unique=True)
    # the image as it was at opening: nothing else is ever shown for this read
    image_sha256 = models.CharField(max_length=64, default="")
    second_sha256 = models.CharField(max_length=64, blank=True, default="")
    first_shown_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["reader", "position"]
        indexes = [
            # finding the next read costs the same after one read and a million
            models.Index(
                fields=["reader", "position"],
                condition=Q(submitted_at__isnull=True),
                name="read_next_of_reader",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "case", "arm", "repeat"],
                condition=Q(second_arm__isnull=True),
                name="read_exactly_once",
            ),
            models.UniqueConstraint(
                fields=["reader", "case", "arm", "second_arm", "repeat"],
                condition=Q(second_arm__isnull=False),
                name="read_pair_exactly_once",
            ),
            models.CheckConstraint(
                condition=Q(second_arm__isnull=True) | ~Q(second_arm=F("arm")),
                name="read_pair_of_two_arms",
            ),
            models.UniqueConstraint(
                fields=["reader", "position"], name="read_position_unique"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True)
                | Q(
                    first_shown_at__isnull=False, submitted_at__gte=F("first_shown_at")
                ),
                name="read_submitted_only_after_shown",
            ),
        ]

    def __str__(self) -> str:
        return f"read {self.position}"


class Reopening(models.Model):
    """An answered read that its reader is to answer once more.

    By a coordinator, or by the reader as far as the protocol allows. The read gets a
    new token; the new answer is a new version of the scores, with this reason.
    """

    # the reason of who takes the last answer back; stored so, shown translated
    UNDONE = gettext_noop("taken back right after it was given")

    read = models.ForeignKey(Read, models.PROTECT, related_name="reopenings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    by_reader = models.BooleanField(default=False)
    reason = models.TextField()
    at = models.DateTimeField()
    first_shown_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["read", "at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["read"],
                condition=Q(answered_at__isnull=True),
                name="reopening_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="reopening_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"reopening of {self.read}"


class CodeBreak(models.Model):
    """A read whose arm and case were disclosed in an emergency, before unblinding."""

    read = models.OneToOneField(Read, models.PROTECT, related_name="code_break")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""), name="code_break_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"code-break of {self.read}"


class ArmGuess(models.Model):
    """What a reader takes an image for: asked for a share of reads drawn at opening.

    The row exists from opening on; the grade is locked once it is answered.
    """

    class Guess(models.TextChoices):
        REFERENCE = "reference", _("the reference image")
        COMPARISON = "comparison", _("another image")
        UNKNOWN = "unknown", _("I can't tell")

    read = models.OneToOneField(Read, models.PROTECT, related_name="arm_guess")
    token = models.CharField(max_length=32, unique=True)
    first_shown_at = models.DateTimeField(null=True)
    guess = models.CharField(max_length=16, choices=Guess, blank=True, default="")
    confidence = models.PositiveSmallIntegerField(null=True)  # 1 little … 5 full
    guessed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["read"]
        verbose_name_plural = "arm guesses"
        constraints = [
            models.CheckConstraint(
                condition=Q(guess="", guessed_at__isnull=True)
                | (~Q(guess="") & Q(guessed_at__isnull=False)),
                name="guess_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(guess__in=["", "unknown"], confidence__isnull=True)
                | Q(
                    guess__in=["reference", "comparison"],
                    confidence__gte=1,
                    confidence__lte=5,
                ),
                name="guess_has_confidence_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return f"arm guess of {self.read}"
