"""Weights of networks, and jobs: one run of one method over one cohort."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Cohort


def weights_path(weights: "Weights", filename: str) -> str:
    return f"weights/{uuid.uuid4().hex}.safetensors"


class Weights(models.Model):
    """The trained state of a registered network, with its card."""

    class Origin(models.TextChoices):
        SHIPPED = "shipped", _("shipped with this software")
        UPLOADED = "uploaded", _("uploaded")

    network = models.CharField(max_length=50)  # a key of registry.METHODS
    title = models.CharField(max_length=100)
    # a copy also of shipped weights: a later version may ship others, but what
    # a study was made with stays
    file = models.FileField(upload_to=weights_path, max_length=200)
    sha256 = models.CharField(max_length=64, unique=True)
    card = models.JSONField()
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
                | Q(origin="uploaded", uploaded_by__isnull=False),
                name="weights_uploaded_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.sha256[:12]})"


class Job(models.Model):
    """One run of a method over a cohort. This row is the truth; a message to a
    worker is only a wake-up call."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting for a worker")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    ACTIVE = (State.QUEUED, State.RUNNING)

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="jobs")
    method = models.CharField(max_length=50)  # a key of registry.METHODS
    weights = models.ForeignKey(
        Weights, models.PROTECT, null=True, blank=True, related_name="jobs"
    )
    # what the renditions it makes are called: method and weights in one
    rendition_method = models.CharField(max_length=100)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # a sentence about the whole job; case code → sentence about that case
    message = models.TextField(blank=True)
    failures = models.JSONField(default=dict, blank=True)
    # how often a worker took it up since the last new image; too many deaths end it
    attempts = models.PositiveSmallIntegerField(default=0)
    # who works on it (see claims.py); only that one may write to a running job
    claimed_by = models.CharField(max_length=200, blank=True)
    heartbeat_at = models.DateTimeField(null=True)
    # when a wake-up call was last sent
    called_at = models.DateTimeField(null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="jobs",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "rendition_method"],
                condition=Q(state__in=["queued", "running"]),
                name="job_one_active_per_method",
            ),
            models.CheckConstraint(
                condition=~Q(state="running")
                | (~Q(claimed_by="") & Q(heartbeat_at__isnull=False)),
                name="job_running_only_when_claimed",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(
                    state__in=["done", "failed", "cancelled"],
                    finished_at__isnull=False,
                ),
                name="job_finished_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rendition_method} · {self.cohort_id}"

    @property
    def active(self) -> bool:
        return self.state in self.ACTIVE
