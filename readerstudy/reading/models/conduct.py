"""Training before reading, and the circumstances of reading."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case

from .reads import Read, Session
from .study import Membership, Study


class TrainingItem(models.Model):
    """An image for training, with the answers that readers are told afterwards.

    Its case is never among those of the study.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="training")
    position = models.PositiveSmallIntegerField()  # from 1
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    method = models.CharField(max_length=100)
    key = models.JSONField()  # question → patient's side → value
    # the image as it was at opening; empty before
    image_sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "position"], name="training_position_unique"
            ),
            models.UniqueConstraint(
                fields=["study", "case", "method"], name="training_image_once"
            ),
        ]

    def __str__(self) -> str:
        return f"training image {self.position}"


class TrainingAttempt(models.Model):
    """One reader's way through the training set."""

    reader = models.ForeignKey(Membership, models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()  # from 1
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # agreement with the key by the protocol's gate; null: none asked or not estimable
    reached = models.FloatField(null=True)
    passed = models.BooleanField(null=True)  # null while it lasts

    class Meta:
        ordering = ["reader", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "number"], name="attempt_numbered_once"
            ),
            models.UniqueConstraint(
                fields=["reader"],
                condition=Q(finished_at__isnull=True),
                name="attempt_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True, passed__isnull=True)
                | Q(finished_at__isnull=False, passed__isnull=False),
                name="attempt_judged_when_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}"


class TrainingRead(models.Model):
    """One training image before one reader; its token is as opaque as a read's."""

    attempt = models.ForeignKey(TrainingAttempt, models.PROTECT, related_name="reads")
    item = models.ForeignKey(TrainingItem, models.PROTECT, related_name="reads")
    position = models.PositiveSmallIntegerField()  # from 1, in the attempt's own order
    token = models.CharField(max_length=32, unique=True)
    first_shown_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    answers = models.JSONField(null=True)  # as the item's key

    class Meta:
        ordering = ["attempt", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "item"], name="training_read_once"
            ),
            models.UniqueConstraint(
                fields=["attempt", "position"], name="training_read_position_unique"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True, answers__isnull=True)
                | Q(submitted_at__isnull=False, answers__isnull=False),
                name="training_read_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"training read {self.position}"


class ViewingCheck(models.Model):
    """The conditions under which a session is read, and a test pattern to be seen.

    A row is made when the pattern is shown; a session starts only with a passed one.
    """

    class RoomLight(models.TextChoices):
        DARK = "dark", _("dark: a reporting room")
        DIM = "dim", _("dimmed")
        BRIGHT = "bright", _("bright: an office or daylight")

    class Display(models.TextChoices):
        MEDICAL = "medical", _("medical display, calibrated (DICOM GSDF)")
        OFFICE = "office", _("office display")
        LAPTOP = "laptop", _("laptop")
        TABLET = "tablet", _("tablet")

    session = models.ForeignKey(Session, models.PROTECT, related_name="checks")
    # the numbers drawn into the pattern's dark and bright halves
    dark_number = models.CharField(max_length=4)
    bright_number = models.CharField(max_length=4)
    shown_at = models.DateTimeField()
    display = models.CharField(max_length=16, choices=Display, blank=True, default="")
    room_light = models.CharField(
        max_length=16, choices=RoomLight, blank=True, default=""
    )
    screen = models.CharField(max_length=64, blank=True, default="")
    device = models.CharField(max_length=64, blank=True, default="")  # digest
    passed = models.BooleanField(null=True)  # null: not answered
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["session", "shown_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(passed__isnull=True, answered_at__isnull=True)
                | Q(passed__isnull=False, answered_at__isnull=False),
                name="viewing_check_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"viewing check of {self.session}"


class Deviation(models.Model):
    """Something that did not go as the protocol wants it; noticed by the program."""

    class Kind(models.TextChoices):
        WASHOUT = "washout", _("session begun before its washout was over")
        LONG_PAUSE = "long-pause", _("long pause within a read")
        FOCUS = "focus", _("window left during a read")
        DEVICE = "device", _("another device or display within a session")
        VIEWPORT = "viewport", _("images shown too small")

    reader = models.ForeignKey(Membership, models.PROTECT, related_name="deviations")
    session = models.ForeignKey(Session, models.PROTECT, related_name="deviations")
    read = models.ForeignKey(Read, models.PROTECT, null=True, related_name="deviations")
    kind = models.CharField(max_length=16, choices=Kind)
    # seconds of a pause or absence, pixels of a slice's side, hours of washout left
    amount = models.PositiveIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"deviation: {self.kind}"
