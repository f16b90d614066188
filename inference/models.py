"""Weights of networks, and what workers do with them: jobs and trainings."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Cohort


def weights_path(weights: "Weights", filename: str) -> str:
    return f"weights/{uuid.uuid4().hex}.{weights.format}"


def checkpoint_path(training: "Training", filename: str) -> str:
    return f"checkpoints/{uuid.uuid4().hex}.safetensors"


class Weights(models.Model):
    """The trained state of a registered network, or a whole network as ONNX, with
    its card."""

    class Origin(models.TextChoices):
        SHIPPED = "shipped", _("shipped with this software")
        UPLOADED = "uploaded", _("uploaded")
        TRAINED = "trained", _("trained here")

    class Format(models.TextChoices):
        SAFETENSORS = "safetensors", "safetensors"
        ONNX = "onnx", "ONNX"

    network = models.CharField(max_length=50)  # a key of registry.METHODS
    title = models.CharField(max_length=100)
    format = models.CharField(max_length=16, choices=Format, default=Format.SAFETENSORS)
    # a copy also of shipped weights: a later version may ship others, but what
    # a study was made with stays
    file = models.FileField(upload_to=weights_path, max_length=200)
    sha256 = models.CharField(max_length=64, unique=True)
    card = models.JSONField()
    # what was seen when a probe image went through it (runtime.Probe as plain
    # values); empty for weights that nobody probed
    probe = models.JSONField(default=dict, blank=True)
    origin = models.CharField(max_length=16, choices=Origin)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="weights"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["network", "title", "pk"]
        verbose_name_plural = "weights"
        constraints = [
            models.CheckConstraint(
                condition=Q(origin="shipped", uploaded_by__isnull=True)
                | Q(origin="uploaded", uploaded_by__isnull=False)
                | Q(origin="trained"),
                name="weights_uploaded_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.sha256[:12]})"


class Worker(models.Model):
    """A worker process that says it lives: where jobs can be sent."""

    claim = models.CharField(max_length=200, unique=True)  # see claims.py
    queues = models.JSONField(default=list)
    device = models.CharField(max_length=100)  # "cpu", or "cuda: " and its name
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-seen_at", "pk"]

    def __str__(self) -> str:
        return f"{self.device} · {self.claim}"


class Run(models.Model):
    """What a worker does for longer than a request. Its row is the truth; a message
    to a worker is only a wake-up call."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting for a worker")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    ACTIVE = (State.QUEUED, State.RUNNING)

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="%(class)ss")
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    # a sentence about the whole of it
    message = models.TextField(blank=True)
    # how often a worker took it up since it last got further; too many deaths end it
    attempts = models.PositiveSmallIntegerField(default=0)
    # who works on it (see claims.py); only that one may write to a running row
    claimed_by = models.CharField(max_length=200, blank=True)
    heartbeat_at = models.DateTimeField(null=True)
    # when a wake-up call was last sent
    called_at = models.DateTimeField(null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)ss",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # where it ran last, and with which versions of what
    device = models.CharField(max_length=100, blank=True)
    versions = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="running")
                | (~Q(claimed_by="") & Q(heartbeat_at__isnull=False)),
                name="%(class)s_running_only_when_claimed",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(
                    state__in=["done", "failed", "cancelled"],
                    finished_at__isnull=False,
                ),
                name="%(class)s_finished_has_its_time",
            ),
        ]

    @property
    def active(self) -> bool:
        return self.state in self.ACTIVE


class Job(Run):
    """One run of a method over a cohort."""

    method = models.CharField(max_length=50)  # a key of registry.METHODS
    weights = models.ForeignKey(
        Weights, models.PROTECT, null=True, blank=True, related_name="jobs"
    )
    # what the renditions it makes are called: method and weights in one
    rendition_method = models.CharField(max_length=100)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # case code → sentence about that case
    failures = models.JSONField(default=dict, blank=True)
    # one SHA-256 over those of all cases' short images, one over all it made of them
    input_sha256 = models.CharField(max_length=64, blank=True)
    output_sha256 = models.CharField(max_length=64, blank=True)

    class Meta(Run.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "rendition_method"],
                condition=Q(state__in=["queued", "running"]),
                name="job_one_active_per_method",
            ),
            *Run.Meta.constraints,
        ]

    def __str__(self) -> str:
        return f"{self.rendition_method} · {self.cohort_id}"


class Training(Run):
    """One training of a registered network on a cohort's training split.

    The validation split picks; the test split is not read.
    """

    network = models.CharField(max_length=50)  # a key of registry.METHODS
    title = models.CharField(max_length=100, blank=True)
    # values for what the network's registry entry leaves open
    settings = models.JSONField(default=dict, blank=True)
    recipe = models.JSONField()  # training.Recipe as plain values
    loss = models.CharField(max_length=16)
    seed = models.PositiveBigIntegerField()
    epochs_done = models.PositiveIntegerField(default=0)
    epochs = models.PositiveIntegerField()
    # one object an epoch: training.Epoch as plain values
    history = models.JSONField(default=list, blank=True)
    # safetensors: everything that a run goes on from
    checkpoint = models.FileField(upload_to=checkpoint_path, max_length=200, blank=True)
    # what a sweep varies beside network and recipe: "cases" (codes it learns from),
    # "count_fraction", "loss_weights"; empty: everything as it is
    conditions = models.JSONField(default=dict, blank=True)
    # of the pixels it learns from; a resumed run must find the same
    data_sha256 = models.CharField(max_length=64, blank=True)
    result = models.OneToOneField(
        Weights, models.SET_NULL, null=True, blank=True, related_name="training"
    )

    class Meta(Run.Meta):
        constraints = [*Run.Meta.constraints]

    def __str__(self) -> str:
        return f"{self.network} · {self.cohort_id}"


class StabilityRun(Run):
    """One run of the stability suite: one method's images of a cohort, and the method
    itself where it can be run."""

    # what the images are called; for a filter or network the method runs again
    rendition_method = models.CharField(max_length=100)
    # a key of registry.METHODS; blank: only images are there, nothing can be run
    method = models.CharField(max_length=50, blank=True)
    weights = models.ForeignKey(
        Weights, models.PROTECT, null=True, blank=True, related_name="stability_runs"
    )
    settings = models.JSONField(default=dict, blank=True)  # stability.Settings
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    failures = models.JSONField(default=dict, blank=True)  # case code → sentence

    class Meta(Run.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "rendition_method"],
                condition=Q(state__in=["queued", "running"]),
                name="stability_run_one_active_per_method",
            ),
            *Run.Meta.constraints,
        ]

    def __str__(self) -> str:
        return f"stability of {self.rendition_method} · {self.cohort_id}"


class Sweep(models.Model):
    """One factor over levels and seeds: a training, and what it reaches, for each."""

    class Factor(models.TextChoices):
        CASES = "cases", _("training cases")
        DEPTH = "depth", _("network depth")
        COUNTS = "counts", _("count fraction of the input")
        WINDOW = "window", _("window of the input")
        LOSS = "loss", _("weight of the second loss")

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="sweeps")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="sweeps"
    )
    title = models.CharField(max_length=100)
    factor = models.CharField(max_length=16, choices=Factor)
    levels = models.JSONField()  # numbers, from the lowest
    seeds = models.JSONField()  # whole numbers
    network = models.CharField(max_length=50)  # a key of registry.METHODS
    settings = models.JSONField(default=dict, blank=True)
    recipe = models.JSONField()  # training.Recipe as plain values
    loss = models.CharField(max_length=16)
    # where the metric is taken: validation or test
    split = models.CharField(max_length=16, default="validation")
    margin_db = models.FloatField()  # of non-inferiority to the best level, in PSNR
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title


class SweepPoint(models.Model):
    """One level with one seed: one arm."""

    sweep = models.ForeignKey(Sweep, models.CASCADE, related_name="points")
    level = models.FloatField()
    seed = models.PositiveBigIntegerField()
    training = models.OneToOneField(
        Training, models.SET_NULL, null=True, related_name="sweep_point"
    )
    # case code → {"psnr": dB, "ssim": …}, means of its slices; empty: not measured yet
    results = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["sweep", "level", "seed"]
        constraints = [
            models.UniqueConstraint(
                fields=["sweep", "level", "seed"], name="sweep_point_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sweep}: {self.level}, seed {self.seed}"
