"""A study: its protocol, its people and its arms. Rules live in services."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case, Cohort

IMAGE_METRICS = ("psnr-255", "ssim-255", "ssim-1")  # metric-range of grey levels


def default_image_metrics() -> list[str]:
    return list(IMAGE_METRICS)


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

    class Interpolation(models.TextChoices):
        BICUBIC = "bicubic", _("bicubic")
        NEAREST = "nearest", _("nearest neighbour")

    class AnswerChanges(models.TextChoices):
        """Until when readers may change an answer, with a reason."""

        NEVER = "never", _("never")
        SESSION = "session", _("until the session ends")
        STUDY = "study", _("until the study closes")

    class Gate(models.TextChoices):
        """What is compared with the training key before the first session."""

        KAPPA = "kappa", _("weighted kappa")
        WITHIN_ONE = "within-one", _("share within one grade")

    class Guesses(models.TextChoices):
        NEVER = "never", _("never")
        AFTER_GRADE = "after-grade", _("after a read, once its grade is locked")
        AT_END = "at-end", _("once, after the last session")

    class Presentation(models.TextChoices):
        SINGLE = "single", _("one image at a time")
        PAIRS = "pairs", _("two images of a case side by side")

    class KappaWeights(models.TextChoices):
        QUADRATIC = "quadratic", _("quadratic")
        LINEAR = "linear", _("linear")
        UNWEIGHTED = "unweighted", _("none")

    class KappaInterval(models.TextChoices):
        CLUSTERED_DELTA = "clustered-delta", _("delta method, clustered by patient")

    class Standard(models.TextChoices):
        """What a reader's grades are compared with."""

        OWN = "own", _("each reader's own reading of the reference arm")
        MEDIAN = "median", _("median of the readers of the reference arm")
        MAJORITY = "majority", _("majority of the readers of the reference arm")
        GIVEN = "given", _("given grades, as by follow-up")

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
    # settings of the protocol, frozen as canonical JSON with its SHA-256 at opening;
    # which of them an amendment may change afterwards, services.amendments says
    case_codes = models.JSONField(default=list, blank=True)  # only these; [] = all
    question_set = models.CharField(max_length=50, default="striatum-grade-1-4")
    # this study's own questions, as questions.describe has them; [] = the set's
    own_questions = models.JSONField(default=list, blank=True)
    presentation = models.CharField(
        max_length=16, choices=Presentation, default=Presentation.SINGLE
    )
    window_rule = models.CharField(max_length=30, default="image-max")
    # for types whose values have a unit: [{"key", "title", "low", "high"}, …]; every
    # read begins in the first one
    windows = models.JSONField(default=list, blank=True)
    # all that is shown of such values lies between these
    value_low = models.FloatField(null=True)
    value_high = models.FloatField(null=True)
    # [slices, rows, columns] that every read of whole stacks has, set at opening:
    # smaller cases are filled up, so that the number of bytes tells nothing
    frame = models.JSONField(default=list, blank=True, editable=False)
    lut = models.CharField(max_length=30, default="cool")
    interpolation = models.CharField(
        max_length=16, choices=Interpolation, default=Interpolation.BICUBIC
    )
    # whether readers may narrow the window of grey levels, anew on each read
    window_adjustable = models.BooleanField(default=False)
    # cases whose scans had other pixels than the study's may be read, resampled
    resampling_allowed = models.BooleanField(default=False)
    # CSS pixels; a smaller one is recorded as a deviation
    least_slice_side = models.PositiveSmallIntegerField(default=200)
    sessions = models.PositiveSmallIntegerField(default=1)
    washout_days = models.PositiveSmallIntegerField(default=28)
    spacing = models.PositiveSmallIntegerField(default=5)
    answer_changes = models.CharField(
        max_length=16, choices=AnswerChanges, default=AnswerChanges.SESSION
    )
    break_after_minutes = models.PositiveSmallIntegerField(default=45)  # 0 = never
    long_pause_minutes = models.PositiveSmallIntegerField(default=10)
    asks_conditions = models.BooleanField(default=True)  # at each session's start
    gate = models.CharField(max_length=16, choices=Gate, blank=True, default="")
    gate_minimum = models.DecimalField(max_digits=3, decimal_places=2, null=True)
    guesses = models.CharField(max_length=16, choices=Guesses, default=Guesses.NEVER)
    guess_percent = models.PositiveSmallIntegerField(default=20)  # of a reader's reads
    # the analysis plan
    primary_arm = models.SlugField(blank=True, default="")
    control_arm = models.SlugField(blank=True, default="")
    kappa_margin = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    kappa_weights = models.CharField(
        max_length=16, choices=KappaWeights, default=KappaWeights.QUADRATIC
    )
    kappa_interval = models.CharField(
        max_length=32, choices=KappaInterval, default=KappaInterval.CLUSTERED_DELTA
    )
    image_metrics = models.JSONField(default=default_image_metrics)
    # PSNR and SSIM of values with a unit are computed within; null: value_low, _high
    metric_low = models.FloatField(null=True)
    metric_high = models.FloatField(null=True)
    # key of imaging.stability_measures → limit; a measure that is not here has its own
    stability_limits = models.JSONField(default=dict, blank=True)
    reference_standard = models.CharField(
        max_length=16, choices=Standard, default=Standard.OWN
    )
    # of standard "given": [{"case": code, "right": grade, "left": grade}, …], or for
    # questions about the whole image [{"case": code, "image": 0 or 1}, …]
    given_standard = models.JSONField(default=list, blank=True)
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
            models.CheckConstraint(
                condition=Q(gate="") | Q(gate_minimum__isnull=False),
                name="study_gate_has_minimum",
            ),
            models.CheckConstraint(
                condition=Q(guess_percent__gte=1, guess_percent__lte=100),
                name="study_guess_percent_1_to_100",
            ),
            models.CheckConstraint(
                condition=Q(value_low__isnull=True, value_high__isnull=True)
                | Q(value_low__isnull=False, value_high__gt=F("value_low")),
                name="study_values_from_low_to_high",
            ),
            models.CheckConstraint(
                condition=Q(metric_low__isnull=True, metric_high__isnull=True)
                | Q(metric_low__isnull=False, metric_high__gt=F("metric_low")),
                name="study_metric_window_from_low_to_high",
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
    # how many of the reader's reads are reopened and wait for another answer
    reopened = models.PositiveSmallIntegerField(default=0, editable=False)

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


class Amendment(models.Model):
    """A change of an open study's protocol: numbered, with a reason, never undone."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="amendments")
    number = models.PositiveSmallIntegerField()  # from 1
    reason = models.TextField()
    changes = models.JSONField()  # setting → [before, after]
    protocol = models.JSONField()  # the whole protocol from now on
    protocol_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "number"], name="amendment_numbered_once"
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="amendment_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"amendment {self.number}"


class UnblindingApproval(models.Model):
    """One of the two people without whom a study is not unblinded."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="approvals")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    role = models.CharField(max_length=16, choices=Membership.Role)
    at = models.DateTimeField()

    class Meta:
        ordering = ["study", "at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "role"], name="approval_once_per_role"
            ),
            models.UniqueConstraint(
                fields=["study", "user"], name="approval_by_different_people"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["coordinator", "statistician"]),
                name="approval_by_an_unblinded_role",
            ),
        ]

    def __str__(self) -> str:
        return f"approval of the {self.role}"


class LeakOracleRun(models.Model):
    """What the leak oracle found on this study's plan; reports print the last one."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="leak_oracle_runs")
    at = models.DateTimeField()
    reads = models.PositiveIntegerField()
    draws = models.PositiveIntegerField()
    confidence = models.FloatField()
    p = models.FloatField()
    # [{"target", "family", "auc", "by_design", "low", "high", "leaks"}, …]
    findings = models.JSONField()

    class Meta:
        ordering = ["study", "at", "pk"]

    def __str__(self) -> str:
        return f"leak oracle at {self.at:%Y-%m-%d}"

    @property
    def leaks(self) -> int:
        return sum(finding["leaks"] for finding in self.findings)
