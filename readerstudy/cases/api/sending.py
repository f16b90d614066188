"""Files come in: all in one form, or one in as many requests as it takes (tus)."""

import hashlib
from http import HTTPStatus
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import TooManyFilesSent
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from readerstudy.api.authentication import TokenAuthentication
from readerstudy.api.problems import TooLarge, problem_json

from .. import selectors, services
from ..models import UploadFile
from ..services.receiving import TooLongError
from ..transfers import tus
from ..transfers.sealing_handler import SealingHandler
from .doors import (
    READ,
    WRITE,
    AsItIs,
    SessionByHeader,
    UploaderDoor,
    cohort_or_404,
)
from .upload_fields import FileFields, SendFields, SentFields, UploadFields
from .uploads import upload_response

PROBLEM = {"$ref": "#/components/schemas/Problem"}


class DigestingHandler(SealingHandler):
    """What request.FILES holds of each file is the digest of its content: so much an
    Idempotency-Key needs to know whether the same is sent again."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.digest = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        super().receive_data_chunk(raw_data, start)
        self.digest.update(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        content = ContentFile(self.digest.digest())
        return UploadedFile(content, self.file_name, size=file_size)


class UploadList(UploaderDoor):
    """A form's files are sealed while they come, once it is known who sends them."""

    scopes = {"GET": READ, "POST": WRITE}
    authentication_classes = [TokenAuthentication, SessionByHeader]
    parser_classes = [MultiPartParser]
    handler: DigestingHandler | None = None

    @extend_schema(responses=UploadFields(many=True), summary="List uploads")
    def get(self, request: Request) -> Response:
        """Your uploads that are not imported yet, the newest first."""
        return self.page(selectors.uploads_of(request.user), UploadFields)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Too large a form is refused before it is read."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            size = int(request.META.get("CONTENT_LENGTH") or 0)
            services.sending.check_size(size)
            services.sending.check_waiting(request.user, more=size)
            self.handler = DigestingHandler(request.user)
            request._request.upload_handlers = [self.handler]

    @extend_schema(
        request={"multipart/form-data": SendFields},
        responses={201: UploadFields},
        summary="Send files in one form",
    )
    def post(self, request: Request) -> Response:
        """They are looked through by a worker; ask for the upload until it is ready.

        For more than some hundred megabytes send a zip file by tus instead.
        """
        parts = request.data
        given = {name: parts[name] for name in parts if name != "files"}
        parcel = self.handler.parcel if self.handler else None
        asked = self.parse(SentFields, data=given)
        if asked["cohort"] is not None:
            asked["cohort"] = cohort_or_404(request, asked["cohort"])
        upload = services.parcel_take(parcel=parcel, by=request.user, **asked)
        return upload_response(upload, status.HTTP_201_CREATED)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, TooManyFilesSent):
            text = _(
                "These are more than %(most)d files. Please make a zip file of them."
            )
            most = {"most": settings.DATA_UPLOAD_MAX_NUMBER_FILES}
            exc = TooLarge(text % most)
        elif isinstance(exc, TooLongError):
            exc = TooLarge(str(exc))
        return super().handle_exception(exc)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """What was refused, or sent a second time, does not stay."""
        if self.handler and self.handler.parcel:
            services.parcel_drop(parcel=self.handler.parcel, by=self.handler.user)
        return super().finalize_response(request, response, *args, **kwargs)


def _header(name: str, says: str, **schema: Any) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        {"type": "string", **schema},
        OpenApiParameter.HEADER,
        required=True,
        description=says,
    )


RESUMABLE = _header("Tus-Resumable", "The version of tus.", enum=[tus.VERSION])
LENGTH = _header("Upload-Length", "Bytes of the file.", pattern=r"^[0-9]{1,18}$")
OFFSET = _header("Upload-Offset", "Where they go on.", pattern=r"^[0-9]{1,18}$")
METADATA = _header(
    "Upload-Metadata",
    "`name` (of the cohort to be), `filename` (a zip file, or one DICOM file) and "
    "perhaps `study_type`, `resampling` (1) and `cohort` (of finished images: theirs), "
    "each with its value in base64, with commas between.",
)
REFUSALS = {
    (code, "application/problem+json"): PROBLEM for code in (410, 412, 413, 415, 423)
} | {(507, "application/problem+json"): PROBLEM}


class TusDoor(UploaderDoor):
    """tus 1.0.0. Its errors are told as all others here are."""

    authentication_classes = [TokenAuthentication, SessionByHeader]
    content_negotiation_class = AsItIs
    parser_classes: ClassVar[list[Any]] = []
    keeps_answers = False  # tus has offsets for that

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.spoken(request, lambda user: tus.answer(HTTPStatus.NO_CONTENT))

    def spoken(self, request: Request, act: tus.Act) -> HttpResponseBase:
        plain = request._request
        if "X-HTTP-Method-Override" in request.headers:  # here every method gets by
            raise MethodNotAllowed(str(request.method))
        response = tus.answered(plain, act)
        if response.status_code < HTTPStatus.BAD_REQUEST:
            return response
        assert isinstance(response, HttpResponse)
        words = response.content.decode() or HTTPStatus(response.status_code).phrase
        told = problem_json(response.status_code, words)
        for name, value in response.headers.items():
            if name not in ("Content-Type", "Content-Length"):
                told.headers[name] = value
        return told


class FileCreate(TusDoor):
    scopes = {"POST": WRITE}

    @extend_schema(
        parameters=[RESUMABLE, LENGTH, METADATA],
        request=None,
        responses={201: FileFields, **REFUSALS},
        summary="Begin to send a file by tus",
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Says where the bytes go, in the header `Location` and in its body, and
        which upload the file is."""

        def act(user: User) -> HttpResponseBase:
            file = tus.file_begin(request._request, user)
            answer = tus.created(file, address=_address(request, file))
            told = Response(_file(request, file), status=answer.status_code)
            for name in ("Location", "Upload-Expires"):
                told.headers[name] = answer.headers[name]
            answered: HttpResponseBase = told
            return answered

        return self.spoken(request, act)


class FileSend(TusDoor):
    scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    @extend_schema(responses=FileFields, summary="Ask how far a file is")
    def get(self, request: Request, token: str) -> Response:
        """As HEAD says it in headers."""
        return Response(_file(request, tus.file_or_404(request.user, token)))

    def head(self, request: Request, token: str) -> HttpResponseBase:
        return self._answer(request, token)

    @extend_schema(
        parameters=[RESUMABLE, OFFSET],
        request={tus.CONTENT_TYPE: OpenApiTypes.BINARY},
        responses={204: None, **REFUSALS},
        summary="Send more of a file",
    )
    def patch(self, request: Request, token: str) -> HttpResponseBase:
        """Once the file is whole, a worker looks through it."""
        return self._answer(request, token)

    @extend_schema(
        parameters=[RESUMABLE],
        responses={204: None, **REFUSALS},
        summary="Stop sending a file",
    )
    def delete(self, request: Request, token: str) -> HttpResponseBase:
        """What came of it is forgotten, with its upload."""
        return self._answer(request, token)

    def _answer(self, request: Request, token: str) -> HttpResponseBase:
        plain = request._request
        file = tus.file_or_404(request.user, token)
        return self.spoken(request, lambda user: tus.file_answer(plain, file))


def _address(request: Request, file: UploadFile) -> str:
    return str(reverse("cases-api:file-send", args=[file.token], request=request))


def _file(request: Request, file: UploadFile) -> Any:
    plain = {
        "upload": file.upload_id,
        "url": _address(request, file),
        "size_bytes": file.size,
        "received_bytes": file.received,
    }
    return FileFields(plain).data
