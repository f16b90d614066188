"""Methods, and weights of networks: listed, uploaded, tried."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from inference import registry
from inference.card_page import card_page
from inference.models import Weights
from inference.previews import preview
from inference.services import weights as services
from readerstudy.api.authentication import TokenAuthentication
from readerstudy.api.problems import TooLarge
from readerstudy.cases.api.doors import SessionByHeader

from .doors import READ, WRITE, NetworkDoor, cohort_or_404, weights_or_404
from .network_fields import (
    CardFields,
    MethodFields,
    PreviewFields,
    PreviewQuery,
    UploadNetworkFields,
    WeightsFields,
    form_errors,
)

LARGEST_FORM = services.UPLOAD_LIMIT + 2**20


class MethodList(NetworkDoor):
    scopes = {"GET": READ}

    @extend_schema(responses=MethodFields(many=True), summary="List methods")
    def get(self, request: Request) -> Response:
        """Every filter and every network that this software knows by name."""
        return self.page(list(registry.METHODS.values()), MethodFields)


class NetworkList(NetworkDoor):
    scopes = {"GET": READ, "POST": WRITE}
    authentication_classes = [TokenAuthentication, SessionByHeader]
    parser_classes = [MultiPartParser]
    takes_long = True

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Too large a form is refused before it is read."""
        super().initial(request, *args, **kwargs)
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_FORM:
            text = _("This is larger than the %(size)s that are accepted here.")
            raise TooLarge(text % {"size": f"{LARGEST_FORM // 2**20} MB"})

    @extend_schema(responses=WeightsFields(many=True), summary="List networks")
    def get(self, request: Request) -> Response:
        """Trained networks that can be run here: shipped, trained or uploaded."""
        return self.page(Weights.objects.select_related("uploaded_by"), WeightsFields)

    @extend_schema(
        request={"multipart/form-data": UploadNetworkFields},
        responses={201: CardFields},
        summary="Upload a network",
    )
    def post(self, request: Request) -> Response:
        """An ONNX or safetensors file of at most 64 MB. It is checked and tried on an
        image in a process of its own before it is kept, which takes some seconds."""
        form = self.parse(UploadNetworkFields, user=request.user)["form"]
        try:
            weights = services.weights_upload(
                file=form.cleaned_data["file"],
                title=form.cleaned_data["title"],
                told=form.told(),
                user=request.user,
            )
        except services.CardMissingError as refusal:
            form.ask_for_card(str(refusal))
            raise form_errors(form) from refusal
        page = card_page(weights, request.user)
        return Response(CardFields(page).data, status=status.HTTP_201_CREATED)


class NetworkDetail(NetworkDoor):
    scopes = {"GET": READ}

    @extend_schema(responses=CardFields, summary="Look at a network's card")
    def get(self, request: Request, pk: int) -> Response:
        """All that is known of it, and which of your cases it knows."""
        page = card_page(weights_or_404(pk), request.user)
        return Response(CardFields(page).data)


class NetworkProbe(NetworkDoor):
    scopes = {"POST": WRITE}
    is_heavy = takes_long = True

    @extend_schema(request=None, responses=CardFields, summary="Try a network")
    def post(self, request: Request, pk: int) -> Response:
        """A test image goes through it, and what was seen is kept."""
        weights = services.weights_probe(weights=weights_or_404(pk))
        return Response(CardFields(card_page(weights, request.user)).data)


class NetworkPreview(NetworkDoor):
    scopes = {"GET": READ}
    is_heavy = True

    @extend_schema(
        parameters=[PreviewQuery],
        responses=PreviewFields,
        summary="See a network at work",
    )
    def get(self, request: Request, pk: int) -> Response:
        """What it makes of one case, beside its scans. Nothing of it is kept."""
        weights = weights_or_404(pk)
        asked = self.parse(PreviewQuery, data=request.query_params)
        cohort = cohort_or_404(request, asked["cohort"])
        case = get_object_or_404(cohort.cases, code=asked["case"])
        return Response(PreviewFields({"strips": preview(weights, case)}).data)
