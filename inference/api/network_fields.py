"""Methods, weights and their cards as JSON."""

import json
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from inference import registry
from inference.card_page import CardPage
from inference.models import Weights
from inference.upload_forms import CHOICES, WeightsForm
from readerstudy.cases.api.doors import FiniteField, ToldField


class MethodFields(serializers.Serializer[registry.MethodSpec]):
    """A way of making images from the short scan.

    settings: a filter's parameters, or what a network is built from.
    parameters, gflop: its size, and what a 64×64 image costs; null where that is not
    known before its weights are. unavailable_reason: why it cannot run here, or empty.
    """

    method = serializers.CharField(source="key")
    title = ToldField()
    kind = serializers.ChoiceField(choices=["filter", "network"])
    family = serializers.CharField()
    settings = serializers.SerializerMethodField()
    parameters = serializers.IntegerField(allow_null=True)
    gflop = serializers.FloatField(allow_null=True)
    needs_weights = serializers.BooleanField()
    can_be_trained = serializers.BooleanField()
    unavailable_reason = ToldField()
    reference = serializers.CharField()

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_settings(self, spec: registry.MethodSpec) -> dict[str, Any]:
        return dict(spec.settings)


class WeightsFields(serializers.ModelSerializer[Weights]):
    """Weights of a network. network: the method that they are of.
    rendition_method: what the images are called that they make."""

    rendition_method = serializers.SerializerMethodField()
    uploaded_by = serializers.CharField(
        source="uploaded_by.username", allow_null=True, default=None
    )
    probed = serializers.SerializerMethodField(
        help_text="Whether a test image has gone through it."
    )

    class Meta:
        model = Weights
        fields = (
            *("id", "network", "title", "format", "sha256", "rendition_method"),
            *("origin", "uploaded_by", "created_at", "probed"),
        )
        read_only_fields = fields

    def get_rendition_method(self, weights: Weights) -> str:
        return registry.rendition_method(weights.network, weights_sha256=weights.sha256)

    def get_probed(self, weights: Weights) -> bool:
        return bool(weights.probe)


class LearnedFields(serializers.Serializer[Any]):
    """Number of patients, or of simulated cases."""

    training = serializers.IntegerField()
    validation = serializers.IntegerField()


class BlockedFields(serializers.Serializer[Any]):
    """A cohort of yours, and how many of its cases the network may not show in a
    study: those it learned from and those it was chosen by."""

    cohort = serializers.IntegerField(source="cohort.pk")
    name = serializers.CharField(source="cohort.name")
    cases = serializers.IntegerField()
    training = serializers.IntegerField()
    validation = serializers.IntegerField()


class CardFields(serializers.Serializer[CardPage]):
    """All that is known of weights.

    learns: whether it is known whom they learned from. patients: how many those are.
    under: sentences on images it learned from that were not as their cohort has them.
    card: as it is kept, long lists cut. probe: what a test image showed.
    """

    weights = WeightsFields()
    parameters = serializers.IntegerField(allow_null=True)
    learns = serializers.ChoiceField(choices=["known", "nobody", "unknown"])
    under = serializers.ListField(child=serializers.CharField())
    patients = LearnedFields()
    blocked = BlockedFields(many=True)
    card = serializers.SerializerMethodField()
    probe = serializers.SerializerMethodField()

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_card(self, page: CardPage) -> Any:
        return json.loads(page.card, parse_constant=lambda name: None)

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_probe(self, page: CardPage) -> Any:
        return page.weights.probe


class UploadNetworkFields(serializers.Serializer[Any]):
    """A file, and what stands on its card where the file brings none (ONNX). Whoever
    says anything of a card says all of it.

    origin: who made it. training_data: which images, how many, from where.
    learned_from: nobody (none of this hospital's patients), cohort (the training and
    validation parts of `cohort`), digests (patients in the CSV `digests`, such as the
    table of a cohort), or unknown: then no study will read what it makes.
    """

    file = serializers.FileField()
    title = serializers.CharField(max_length=100, required=False, allow_blank=True)
    origin = serializers.CharField(max_length=200, required=False, allow_blank=True)
    licence = serializers.CharField(max_length=200, required=False, allow_blank=True)
    training_data = serializers.CharField(
        max_length=2000, required=False, allow_blank=True
    )
    learned_from = serializers.ChoiceField(
        choices=[value for value, _words in CHOICES], required=False, allow_blank=True
    )
    cohort = serializers.IntegerField(required=False, min_value=1)
    digests = serializers.FileField(required=False)

    def validate(self, attrs: Any) -> Any:
        """As the page: one rule for both. context: the `user`."""
        files = {k: attrs.pop(k) for k in ("file", "digests") if k in attrs}
        form = WeightsForm(attrs, files, user=self.context["user"])
        if not form.is_valid():
            raise form_errors(form)
        return {"form": form}


def form_errors(form: WeightsForm) -> ValidationError:
    found = {
        "non_field_errors" if name == "__all__" else name: list(words)
        for name, words in form.errors.items()
    }
    return ValidationError(found)


class PreviewQuery(serializers.Serializer[Any]):
    """Which case to look at: a cohort of yours, and the code of a case of it."""

    cohort = serializers.IntegerField(min_value=1)
    case = serializers.CharField(max_length=32)


class StripFields(serializers.Serializer[Any]):
    """Three central slices side by side, lowest first. png: in base64, 384×128.
    psnr_db: against the reference; null for the reference itself, and where no
    pixel differs."""

    title = serializers.CharField()
    png = serializers.CharField()
    psnr_db = FiniteField(allow_null=True)


class PreviewFields(serializers.Serializer[Any]):
    """The short scan, the output of the network, and the reference."""

    strips = StripFields(many=True)
