"""Uploads: listed, watched, confirmed, taken from the inbox, tried again, discarded."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from .. import selectors, services
from ..models import Upload
from ..services.pulling import step_retry
from .doors import READ, WRITE, UploaderDoor, upload_or_404, waiting_or_404
from .upload_fields import ConfirmFields, TakeFields, UploadFields


def upload_response(upload: Upload, code: int = status.HTTP_200_OK) -> Response:
    """The upload as it stands now."""
    counted = selectors.upload_counted(upload)
    return Response(UploadFields(counted).data, status=code)


class Inbox(UploaderDoor):
    scopes = {"GET": READ}

    @extend_schema(responses=UploadFields(many=True), summary="List the inbox")
    def get(self, request: Request) -> Response:
        """What DICOM nodes sent here and nobody has taken yet."""
        return self.page(selectors.inbox(), UploadFields)


class UploadDetail(UploaderDoor):
    scopes = {"GET": READ, "DELETE": WRITE}

    @extend_schema(responses=UploadFields, summary="Look at an upload")
    def get(self, request: Request, pk: int) -> Response:
        """How far it is. Ask again every few seconds until it is ready or done."""
        return upload_response(waiting_or_404(request, pk))

    @extend_schema(responses={204: None}, summary="Discard an upload")
    def delete(self, request: Request, pk: int) -> Response:
        """Forget its files. Refused in the middle of an import."""
        upload = waiting_or_404(request, pk)
        services.upload_discard(upload=upload, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class UploadTake(UploaderDoor):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=TakeFields,
        responses=UploadFields,
        summary="Take an upload from the inbox",
    )
    def post(self, request: Request, pk: int) -> Response:
        """What a node or a PACS sent is complete, and yours: it is looked through."""
        upload = waiting_or_404(request, pk)
        given = self.parse(TakeFields)
        services.upload_take(upload=upload, by=request.user, **given)
        return upload_response(upload)


class UploadConfirm(UploaderDoor):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=ConfirmFields,
        responses={202: UploadFields},
        summary="Confirm the pairs of an upload",
    )
    def post(self, request: Request, pk: int) -> Response:
        """You have looked at its plan: a worker makes the cohort of it.

        Refused while a pair is uncertain, and if the pairs have changed since.
        """
        upload = waiting_or_404(request, pk)
        services.upload_confirm(upload=upload, **self.parse(ConfirmFields))
        return upload_response(upload, status.HTTP_202_ACCEPTED)


class UploadRetry(UploaderDoor):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=None, responses={202: UploadFields}, summary="Retry an upload's step"
    )
    def post(self, request: Request, pk: int) -> Response:
        """Ask again for a step that failed or lost its worker, fetching included."""
        upload = upload_or_404(request, pk)
        step_retry(upload=upload)
        return upload_response(upload, status.HTTP_202_ACCEPTED)
