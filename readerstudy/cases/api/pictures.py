"""Pictures for coordinators, as the pages show them."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import HOUNSFIELD

from ..pages import previews
from ..selectors import grid_series
from ..services.receiving import upload_folder
from .doors import (
    MayUpload,
    PictureDoor,
    case_or_404,
    picture,
    upload_or_404,
)

PNG = {(200, "image/png"): OpenApiTypes.BINARY}
MOST_SLICES = 2**15


class SliceQuery(serializers.Serializer[Any]):
    """slice: the middle one of three, counted from 1, the lowest. unit: of a stack's
    values, whose usual window is then taken."""

    slice = serializers.IntegerField(min_value=1, max_value=MOST_SLICES)
    unit = serializers.ChoiceField(choices=["HU"], required=False)


class WindowQuery(serializers.Serializer[Any]):
    """window: of a stack's unit, by its name."""

    window = serializers.ChoiceField(
        choices=[one.key for one in HOUNSFIELD], required=False
    )


class ImagePicture(PictureDoor):
    @extend_schema(
        parameters=[WindowQuery], responses=PNG, summary="See the image of a case"
    )
    def get(self, request: Request, pk: int, code: str, method: str) -> HttpResponse:
        """The five stored slices of a case by one method, lowest first, 640×128; of a
        whole stack five of its slices."""
        case = case_or_404(request, pk, code)
        rendition = get_object_or_404(case.renditions, method=method)
        asked = self.parse(WindowQuery, data=request.query_params)
        try:
            return picture(previews.strip_png(rendition, **asked))
        except Refused as error:
            raise Http404 from error


class SlicePicture(PictureDoor):
    @extend_schema(responses=PNG, summary="See a slice of a scan")
    def get(self, request: Request, pk: int, code: str, number: int) -> HttpResponse:
        """One slice, counted from 1, of the reference, or of the input where there is
        none: by its own maximum, or in the usual window of its unit."""
        case = case_or_404(request, pk, code)
        series = get_object_or_404(grid_series([case]))
        try:
            return picture(previews.slice_png(series, number - 1))
        except Refused as error:
            raise Http404 from error


class ScanPicture(PictureDoor):
    permission_classes = [*PictureDoor.permission_classes, MayUpload]

    @extend_schema(
        parameters=[SliceQuery], responses=PNG, summary="See a scan of an upload"
    )
    def get(self, request: Request, pk: int, number: int) -> HttpResponse:
        """Three slices side by side of a scan that waits to be imported, 384×128."""
        upload = upload_or_404(request, pk)
        asked = self.parse(SliceQuery, data=request.query_params)
        try:
            png = previews.scan_png(
                upload_folder(upload),
                number=number,
                slice_index=asked["slice"] - 1,
                study_type=upload.study_type,
                unit=asked.get("unit", ""),
            )
        except Refused as error:
            raise Http404 from error
        return picture(png)
