"""Trainings as JSON."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from inference.cohort_pairs import find_obstacle, learnable
from inference.models import Training
from inference.recipes import LOSS_NAMES, RECIPES, STUDY_RECIPE
from inference.training_forms import TrainingForm
from inference.training_pages import TrainingRow, training_row
from readerstudy.cases.api.doors import FiniteField, ToldField
from readerstudy.cases.models import Cohort

HIGHEST_SEED = 2**31 - 1


class RecipeFields(serializers.Serializer[Any]):
    """Every number of a training beside the loss and the seed."""

    name = serializers.CharField()
    epochs = serializers.IntegerField()
    batch_size = serializers.IntegerField()
    optimiser = serializers.CharField()
    learning_rate = serializers.FloatField()
    schedule = serializers.CharField()
    late_learning_rate = serializers.FloatField(allow_null=True)
    late_from_epoch = serializers.IntegerField(allow_null=True)
    epsilon = serializers.FloatField()
    weight_decay = serializers.FloatField()
    averaging = serializers.FloatField(allow_null=True)
    flips = serializers.BooleanField()
    shift_px = serializers.IntegerField()
    keep = serializers.CharField()


class TrainingFields(serializers.Serializer[Any]):
    """One training of a network on a cohort's training cases.

    weights: what it made, once it is done. ending: it was stopped, and its worker is
    about to keep what was learned. has_checkpoint: whether it can go on from there.
    best_psnr_db: the highest of its epochs, on the validation cases.
    """

    id = serializers.IntegerField(source="training.pk")
    title = ToldField()
    network = serializers.CharField(source="training.network")
    recipe = serializers.CharField(source="training.recipe.name")
    loss = serializers.CharField(source="training.loss")
    seed = serializers.IntegerField(source="training.seed")
    state = serializers.ChoiceField(
        choices=Training.State.values, source="training.state"
    )
    ending = serializers.BooleanField()
    message = ToldField(source="training.message")
    epochs_done = serializers.IntegerField(source="training.epochs_done")
    epochs = serializers.IntegerField(source="training.epochs")
    best_psnr_db = FiniteField(allow_null=True)
    best_epoch = serializers.IntegerField(allow_null=True)
    has_checkpoint = serializers.SerializerMethodField()
    weights = serializers.IntegerField(source="training.result_id", allow_null=True)
    device = serializers.CharField(source="training.device")
    versions = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="training.created_at")
    started_at = serializers.DateTimeField(
        source="training.started_at", allow_null=True
    )
    finished_at = serializers.DateTimeField(
        source="training.finished_at", allow_null=True
    )

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(training_row(instance))

    def get_has_checkpoint(self, row: TrainingRow) -> bool:
        return bool(row.training.checkpoint)

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_versions(self, row: TrainingRow) -> Any:
        return row.training.versions


class EpochFields(serializers.Serializer[Any]):
    """short_*: what the short images reach themselves."""

    number = serializers.IntegerField()
    learning_rate = serializers.FloatField()
    training_loss = FiniteField(allow_null=True)
    validation_psnr_db = FiniteField(allow_null=True, default=None)
    validation_ssim = FiniteField(allow_null=True, default=None)
    short_psnr_db = FiniteField(allow_null=True, default=None)
    short_ssim = FiniteField(allow_null=True, default=None)
    seconds = serializers.FloatField()


class TrainingDetailFields(TrainingFields):
    """history: what every epoch brought. data_sha256: over the pixels learned from."""

    history = EpochFields(many=True, source="training.history")
    data_sha256 = serializers.CharField(source="training.data_sha256")


class RequestTrainingFields(serializers.Serializer[Any]):
    """What is to be trained, and how; `title` is made of it if it is empty."""

    network = serializers.CharField(max_length=50)
    recipe = serializers.ChoiceField(
        choices=list(RECIPES), required=False, default=STUDY_RECIPE.name
    )
    loss = serializers.ChoiceField(
        choices=list(LOSS_NAMES), required=False, default=LOSS_NAMES[0]
    )
    seed = serializers.IntegerField(
        min_value=0, max_value=HIGHEST_SEED, required=False, default=1
    )
    title = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default=""
    )

    def validate(self, attrs: Any) -> Any:
        """As the page: one rule for both."""
        form = TrainingForm(attrs)
        if not form.is_valid():
            raise ValidationError({k: list(v) for k, v in form.errors.items()})
        return form.cleaned_data


class LearnableFields(serializers.Serializer[Any]):
    """What there is to learn from in a cohort, in cases.

    lacking: codes of those that want an image of one of their scans. differing: of
    those whose scans differ in a way that nobody has accepted yet.
    obstacle: why nothing can be learned yet, or empty.
    """

    cases = serializers.IntegerField()
    training = serializers.IntegerField()
    validation = serializers.IntegerField()
    test = serializers.IntegerField()
    lacking = serializers.ListField(child=serializers.CharField())
    differing = serializers.ListField(child=serializers.CharField())
    obstacle = serializers.CharField()

    def to_representation(self, instance: Cohort) -> Any:
        found = learnable(instance)
        obstacle = find_obstacle(instance, found)
        told = obstacle.sentence if obstacle else ""
        return super().to_representation(asdict(found) | {"obstacle": told})
