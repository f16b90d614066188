"""What readers answered, version by version, and how each answer was given."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .reads import Read


class Answer(models.Model):
    """One version of the answer to a read; a change adds the next version.

    No row is ever rewritten. Durations are the browser's own, in milliseconds, null
    where it told none: they hold on a lost connection, when the server learns of an
    answer late. Time in which the page was hidden or left is in `away_ms` only.
    """

    read = models.ForeignKey(Read, models.PROTECT, related_name="answers")
    version = models.PositiveSmallIntegerField(default=1)
    reason = models.TextField(blank=True)  # why an earlier version was changed
    # the browser's name for this submission: the same again is no new version
    key = models.CharField(max_length=64, blank=True)
    comment = models.TextField(blank=True, default="")
    # when the read came before its reader for this answer, as the server knows it
    shown_at = models.DateTimeField()
    # from the images on the screen to the first choice, and to the confirmation
    first_ms = models.PositiveIntegerField(null=True)
    spent_ms = models.PositiveIntegerField(null=True)
    away_ms = models.PositiveIntegerField(null=True)
    # how long a confirmed answer waited in the browser for the server
    held_ms = models.PositiveIntegerField(null=True)
    # grey levels 0 … 255 of the shown image that were drawn darkest and brightest (of
    # whole stacks 255ths of all that is shown), where the protocol lets readers choose
    # and this one did; null: as the protocol has it at first
    window_low = models.PositiveSmallIntegerField(null=True)
    window_high = models.PositiveSmallIntegerField(null=True)
    at = models.DateTimeField()  # when the server stored it
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="answers"
    )

    class Meta:
        ordering = ["read", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["read", "version"], name="answer_version_once"
            ),
            models.CheckConstraint(
                condition=Q(version=1) | ~Q(reason=""),
                name="answer_change_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(window_low__isnull=True, window_high__isnull=True)
                | Q(
                    window_low__isnull=False,
                    window_high__lte=255,
                    window_low__lt=F("window_high"),
                    window_high__isnull=False,
                ),
                name="answer_window_within_0_to_255",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.version} of {self.read}"


class Score(models.Model):
    """The answer to one question for one patient side or for the whole image: a value,
    words, or why there is none.

    A side that cannot be assessed is an answer, with the reader's reason; it is
    neither a grade nor missing.
    """

    class Side(models.TextChoices):
        RIGHT = "right", _("right")
        LEFT = "left", _("left")
        IMAGE = "image", _("whole image")

    answer = models.ForeignKey(Answer, models.PROTECT, related_name="scores")
    question = models.SlugField(max_length=50)
    side = models.CharField(max_length=8, choices=Side)  # the patient's side
    value = models.PositiveSmallIntegerField(null=True)
    text = models.TextField(blank=True, default="")  # of a question for free text
    # where on the image: [{"slice", "row", "column"}, …], from 0, of the shown stack
    marks = models.JSONField(default=list, blank=True)
    unassessable = models.CharField(max_length=200, blank=True, default="")  # why

    class Meta:
        ordering = ["answer", "question", "side"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "question", "side"], name="score_once_per_side"
            ),
            models.CheckConstraint(
                condition=Q(side__in=["right", "left", "image"]),
                name="score_side_known",
            ),
            models.CheckConstraint(
                condition=~Q(question="grade")
                | Q(value__isnull=True)
                | Q(value__gte=1, value__lte=4),
                name="score_grade_within_1_to_4",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False, unassessable="", text="")
                | (Q(value__isnull=True, text="") & ~Q(unassessable=""))
                | (Q(value__isnull=True, unassessable="") & ~Q(text="")),
                name="score_value_or_why_not",
            ),
        ]

    def __str__(self) -> str:
        said = self.unassessable or self.text if self.value is None else self.value
        return f"{self.question}, {self.side}: {said}"
