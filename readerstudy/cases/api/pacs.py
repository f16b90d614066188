"""Examinations in a PACS (DICOM: studies): looked for and fetched."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from ..gateways import pacs
from ..services import pulling
from .doors import READ, WRITE, UploaderDoor
from .upload_fields import (
    FetchFields,
    FoundFields,
    SearchFields,
    ServerFields,
    UploadFields,
)
from .uploads import upload_response


class ServerList(UploaderDoor):
    scopes = {"GET": READ}

    @extend_schema(responses=ServerFields(many=True), summary="List PACS")
    def get(self, request: Request) -> Response:
        """The PACS that this site may ask, as its administrator has set them up."""
        return self.page([{"name": name} for name in pacs.servers()], ServerFields)


class PacsSearch(UploaderDoor):
    scopes = {"POST": WRITE}
    is_heavy = takes_long = True
    keeps_answers = False  # what stands there now is asked for; nothing is written

    @extend_schema(request=SearchFields, responses=FoundFields, summary="Search a PACS")
    def post(self, request: Request) -> Response:
        """What is looked for is posted, so that it stands in no log of addresses."""
        asked = self.parse(SearchFields)
        with pacs.Remote(pacs.server_named(asked["pacs"])) as remote:
            studies, cut = remote.studies(asked["query"])
        return Response(FoundFields({"studies": studies, "cut": cut}).data)


class PacsFetch(UploaderDoor):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=FetchFields,
        responses={202: UploadFields},
        summary="Fetch examinations from a PACS",
    )
    def post(self, request: Request) -> Response:
        """A worker fetches them; then they are looked through like files sent here."""
        upload = pulling.pull_open(user=request.user, **self.parse(FetchFields))
        return upload_response(upload, status.HTTP_202_ACCEPTED)
