"""A study, its plan and what readers answered. Rules live in services."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case, Cohort


class StudyQuerySet(models.QuerySet["Study"]):
    def for_role(self, user: User, *roles: str) -> "StudyQuerySet":
        """Fetching is authorising: the studies in which `user` holds a role."""
        return self.filter(memberships__user=user, memberships__role__in=roles)


class Study(models.Model):
    """One reader study: what is read, by whom, and how far it has come."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")
        UNBLINDED = "unblinded", _("unblinded")

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="studies")
    # which of the cohort's cases are read; blank = all of them
    case_split = models.CharField(
        max_length=16, choices=Case.Split, blank=True, default=""
    )
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    # readings of people who do not exist: said on every page and report
    simulated_readers = models.BooleanField(default=False)
    # settings of the protocol, frozen as canonical JSON with its SHA-256 at opening
    question_set = models.CharField(max_length=50, default="striatum-grade-1-4")
    window_rule = models.CharField(max_length=30, default="image-max")
    sessions = models.PositiveSmallIntegerField(default=1)
    washout_days = models.PositiveSmallIntegerField(default=28)
    spacing = models.PositiveSmallIntegerField(default=5)
    protocol = models.JSONField(null=True, editable=False)
    protocol_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    seed = models.CharField(max_length=64, blank=True, editable=False)
    seed_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    unblinded_at = models.DateTimeField(null=True, editable=False)

    objects = StudyQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft") | ~Q(protocol_sha256=""),
                name="study_open_only_with_frozen_protocol",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Membership(models.Model):
    """What a person may do in one study."""

    class Role(models.TextChoices):
        READER = "reader", _("reader")
        COORDINATOR = "coordinator", _("coordinator")
        STATISTICIAN = "statistician", _("statistician")

    study = models.ForeignKey(Study, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=16, choices=Role)
    # readers appear in reports under this code ("A", "B", …), never by name
    code = models.CharField(max_length=16, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        ordering = ["study", "role", "code"]
        constraints = [
            # one row per person and study: nobody is a reader and unblinded too
            models.UniqueConstraint(
                fields=["study", "user"], name="membership_one_role_per_person"
            ),
            models.UniqueConstraint(
                fields=["study", "code"],
                condition=Q(role="reader"),
                name="membership_reader_code_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.code}".strip()


class Arm(models.Model):
    """A way of making the image, as this study calls it."""

    class Role(models.TextChoices):
        REFERENCE = "reference", _("reference")
        COMPARISON = "comparison", _("comparison")

    study = models.ForeignKey(Study, models.CASCADE, related_name="arms")
    position = models.PositiveSmallIntegerField()
    code = models.SlugField(max_length=50)
    title = models.CharField(max_length=100)
    # the `method` of the renditions that it shows
    method = models.CharField(max_length=100)
    role = models.CharField(max_length=16, choices=Role, default=Role.COMPARISON)
    # read a second time by every reader, for intra-reader agreement
    repeated = models.BooleanField(default=False)

    class Meta:
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "code"], name="arm_code_unique_in_study"
            ),
            models.UniqueConstraint(
                fields=["study"],
                condition=Q(role="reference"),
                name="arm_one_reference_per_study",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Session(models.Model):
    """One sitting of one reader."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="reading_sessions")
    reader = models.ForeignKey(Membership, models.PROTECT, related_name="sessions")
    number = models.PositiveSmallIntegerField()  # from 1
    # its reads are the positions first_position … first_position + size − 1
    first_position = models.PositiveIntegerField(default=1)
    size = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

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
        ]

    def __str__(self) -> str:
        return f"session {self.number}"


class Read(models.Model):
    """One planned presentation of one rendition to one reader."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="reads")
    reader = models.ForeignKey(Membership, models.PROTECT, related_name="reads")
    case = models.ForeignKey(Case, models.PROTECT, related_name="reads")
    arm = models.ForeignKey(Arm, models.PROTECT, related_name="reads")
    repeat = models.PositiveSmallIntegerField(default=0)  # 1 = the second time
    position = models.PositiveIntegerField()  # from 1, over all of its reader's reads
    token = models.CharField(max_length=32, unique=True)
    # the image as it was at opening: nothing else is ever shown for this read
    image_sha256 = models.CharField(max_length=64, default="")
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
                fields=["reader", "case", "arm", "repeat"], name="read_exactly_once"
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


class Score(models.Model):
    """What the reader answered to one question for one patient side.

    A change adds a row with the next version; no row is ever rewritten.
    """

    class Side(models.TextChoices):
        RIGHT = "right", _("right")
        LEFT = "left", _("left")

    read = models.ForeignKey(Read, models.PROTECT, related_name="scores")
    question = models.SlugField(max_length=50)
    side = models.CharField(max_length=8, choices=Side)  # the patient's side
    value = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField(default=1)
    reason = models.TextField(blank=True)  # why an earlier version was changed
    # the browser's name for this submission: the same again is no new version
    key = models.CharField(max_length=64, blank=True)
    scored_at = models.DateTimeField()
    scored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="scores"
    )

    class Meta:
        ordering = ["read", "question", "side", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["read", "question", "side", "version"],
                name="score_version_once",
            ),
            models.CheckConstraint(
                condition=Q(side__in=["right", "left"]), name="score_side_known"
            ),
            models.CheckConstraint(
                condition=~Q(question="grade") | Q(value__gte=1, value__lte=4),
                name="score_grade_within_1_to_4",
            ),
            models.CheckConstraint(
                condition=Q(version=1) | ~Q(reason=""),
                name="score_change_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question}, {self.side}: {self.value}"
