"""Sweeps as JSON."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inference.models import Sweep
from inference.recipes import LOSS_NAMES, RECIPES, SHORT_RECIPE
from inference.sweep_forms import DEFAULT_MARGIN_DB, SPLIT_WORDS
from inference.sweep_pages import sweep_page, sweep_summary
from inference.sweep_rows import MEASURED, MEASURING, MISSING
from inference.sweeps.findings import Level
from inference.sweeps.plans import MOST_LEVELS, MOST_SEEDS
from readerstudy.cases.api.doors import FiniteField, ToldField

from .training_fields import HIGHEST_SEED

STATES = (MISSING, "queued", "running", "failed", "cancelled", MEASURING, MEASURED)
VERDICTS = ("best", "non-inferior", "not shown", "")


class EstimateFields(serializers.Serializer[Any]):
    """A number with its 95 % interval; null where there is none, and `reason` why."""

    value = FiniteField(allow_null=True)
    low = FiniteField(allow_null=True)
    high = FiniteField(allow_null=True)
    reason = ToldField()


class LevelFields(serializers.Serializer[Any]):
    """PSNR at one level, in dB. by_case: the interval over cases; by_seed: over seeds.

    difference: to the best level, cases and seeds both. verdict: whether it is shown to
    be within the margin.
    """

    level = serializers.FloatField()
    seeds = serializers.SerializerMethodField()
    by_case = EstimateFields()
    by_seed = EstimateFields()
    difference = EstimateFields()
    verdict = serializers.ChoiceField(choices=VERDICTS, allow_blank=True)

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_seeds(self, level: Level) -> Any:
        """Seed → its mean."""
        return {str(seed): mean for seed, mean in level.seeds.items()}


class FitFields(serializers.Serializer[Any]):
    """a + b · level^−c. twice, unlimited: what twice the greatest level, and unlimited
    amounts, would add to it. reason: why there is no curve."""

    a = EstimateFields()
    b = EstimateFields()
    c = EstimateFields()
    twice = EstimateFields()
    unlimited = EstimateFields()
    reason = ToldField()


class PointFields(serializers.Serializer[Any]):
    """One level with one seed. results: case code → psnr, ssim, or the reason why it
    could not be measured."""

    level = serializers.FloatField(source="point.level")
    seed = serializers.IntegerField(source="point.seed")
    state = serializers.ChoiceField(choices=STATES)
    training = serializers.IntegerField(
        source="training.pk", default=None, allow_null=True
    )
    results = serializers.SerializerMethodField()

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_results(self, row: Any) -> Any:
        return row.point.results


class SweepFields(serializers.Serializer[Any]):
    """One factor over levels and seeds. smallest: the level from which on all are shown
    to be within the margin of the best; null while nothing is measured."""

    id = serializers.IntegerField(source="row.sweep.pk")
    title = serializers.CharField(source="row.sweep.title")
    factor = serializers.ChoiceField(
        choices=Sweep.Factor.values, source="row.sweep.factor"
    )
    levels = serializers.ListField(
        child=serializers.FloatField(), source="row.sweep.levels"
    )
    seeds = serializers.ListField(
        child=serializers.IntegerField(), source="row.sweep.seeds"
    )
    network = serializers.CharField(source="row.sweep.network")
    recipe = serializers.CharField(source="row.sweep.recipe.name")
    epochs = serializers.IntegerField(source="row.sweep.recipe.epochs")
    loss = serializers.CharField(source="row.sweep.loss")
    split = serializers.ChoiceField(choices=list(SPLIT_WORDS), source="row.sweep.split")
    margin_db = serializers.FloatField(source="row.sweep.margin_db")
    points_measured = serializers.IntegerField(source="row.measured")
    points = serializers.IntegerField(source="row.points")
    active = serializers.BooleanField(source="row.active")
    ended_early = serializers.BooleanField(source="row.ended_early")
    cases_measured = serializers.IntegerField(source="found.cases")
    best = serializers.FloatField(source="found.best", allow_null=True)
    smallest = serializers.FloatField(source="found.smallest", allow_null=True)
    created_at = serializers.DateTimeField(source="row.sweep.created_at")

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(self.told(instance))

    def told(self, sweep: Sweep) -> Any:
        return sweep_summary(sweep)


class SweepDetailFields(SweepFields):
    """conclusions: what may be said, in the asker's language."""

    conclusions = serializers.ListField(child=serializers.CharField())
    measured_levels = LevelFields(many=True, source="found.levels")
    fit = FitFields(source="found.fit")
    measured_points = PointFields(many=True, source="points")

    def told(self, sweep: Sweep) -> Any:
        return sweep_page(sweep)


class RequestSweepFields(serializers.Serializer[Any]):
    """What is varied, and of what. epochs: instead of the recipe's."""

    factor = serializers.ChoiceField(choices=Sweep.Factor.values)
    levels = serializers.ListField(
        child=serializers.FloatField(), min_length=2, max_length=MOST_LEVELS
    )
    seeds = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=HIGHEST_SEED),
        min_length=1,
        max_length=MOST_SEEDS,
        required=False,
        default=[1, 2, 3],
    )
    network = serializers.CharField(max_length=50)
    recipe = serializers.ChoiceField(
        choices=list(RECIPES), required=False, default=SHORT_RECIPE.name
    )
    epochs = serializers.IntegerField(
        min_value=1, max_value=1000, required=False, allow_null=True, default=None
    )
    loss = serializers.ChoiceField(
        choices=list(LOSS_NAMES), required=False, default=LOSS_NAMES[0]
    )
    split = serializers.ChoiceField(
        choices=list(SPLIT_WORDS), required=False, default=next(iter(SPLIT_WORDS))
    )
    margin_db = serializers.FloatField(
        min_value=0, max_value=10, required=False, default=DEFAULT_MARGIN_DB
    )
    title = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default=""
    )
