"""How the doors of studies and of reading fetch, and what else they have in common."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from readerstudy.api.parsers import PlainJSONParser
from readerstudy.api.views import Door
from readerstudy.imaging.errors import Refused

from .. import selectors
from ..models import Membership, Study
from ..protocol.plain_yaml import MAX_BYTES, yaml_read

COORDINATOR = Membership.Role.COORDINATOR
STATISTICIAN = Membership.Role.STATISTICIAN
BOTH = (COORDINATOR, STATISTICIAN)


def user_of(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def study_or_404(request: Request, slug: str, *roles: str) -> Study:
    """The study, in which this person holds one of the roles."""
    studies = Study.objects.for_role(user_of(request), *roles)
    return get_object_or_404(studies.select_related("cohort"), slug=slug)


def reader_or_404(request: Request, slug: str) -> Membership:
    """The membership by which this person reads the study."""
    readings = selectors.own_readings(user_of(request))
    return get_object_or_404(readings, study__slug=slug)


def person_or_404(request: Request, slug: str) -> Membership:
    """Likewise, but refused where the program itself reads in this account."""
    reader = reader_or_404(request, slug)
    if reader.simulated:
        raise Refused(_("This account's reading is simulated."))
    return reader


def not_before_reader() -> NotFound:
    """Raised for a read that is not, or no longer, before its reader."""
    return NotFound(_("This read is no longer before you."))


class ScopedDoor(Door):
    """A door whose methods all need the scope that its kind of method always needs."""

    needed: ClassVar[Mapping[str, str]]  # method → scope

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if needed := getattr(cls, "needed", None):
            methods = (method for method in needed if hasattr(cls, method.lower()))
            cls.scopes = {method: needed[method] for method in methods}


class StudyDoor(ScopedDoor):
    """A door of who runs or analyses a study."""

    needed = {
        "GET": "studies:read",
        **dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), "studies:write"),
    }


class ReaderDoor(ScopedDoor):
    """A door of readers: blind, never stored, the same for every image.

    What is done here is the same once, however often it is sent: an answer has a key
    of its own. So no Idempotency-Key is asked for, which would keep each image that
    came with an answer a second time.
    """

    keeps_answers = False
    needed = dict.fromkeys(("GET", "POST", "PUT"), "reads:write")


class Bytes(BaseRenderer):
    """Bytes as they are; what went wrong comes as JSON all the same."""

    media_type = "application/octet-stream"
    format = "bytes"
    charset: str | None = None
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> bytes:
        if isinstance(data, bytes):
            return data
        told: bytes = JSONRenderer().render(data)
        return told


class Picture(Bytes):
    media_type = "image/png"
    format = "png"


class Yaml(Bytes):
    """Text that is YAML already."""

    media_type = "application/yaml"
    format = "yaml"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> bytes:
        if isinstance(data, str):
            return data.encode()
        return super().render(data, accepted_media_type, renderer_context)


class YamlParser(BaseParser):
    media_type = "application/yaml"

    def parse(self, stream: Any, media_type: Any = None, context: Any = None) -> Any:
        return yaml_read(stream.read(MAX_BYTES + 1))


JSON_OR_YAML = [PlainJSONParser, YamlParser]
