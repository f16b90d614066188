"""Doors of the API itself: who one is here, what there is, and where nothing is."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.accounts.models import Token

from .problems import problem_json
from .views import Door

# What Redoc makes: a style element without content, filled by rules; scroll bars.
STYLES = (
    "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc=",
)


class TokenSerializer(serializers.ModelSerializer[Token]):
    class Meta:
        model = Token
        fields = ("name", "scopes", "created_at", "expires_at", "last_used_at")


class MeSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    token = TokenSerializer(allow_null=True)


class Me(Door):
    """Who asks, and what the token is for. With a session there is no token."""

    scopes = {"GET": ""}

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        token = request.auth if isinstance(request.auth, Token) else None
        me = {"username": request.user.get_username(), "token": token}
        return Response(MeSerializer(me).data)


class Schema(Door):
    """This description: OpenAPI 3.1."""

    scopes = {"GET": ""}

    @extend_schema(exclude=True)
    def get(self, request: Request) -> JsonResponse:
        return JsonResponse(schema(get_language() or "en"))


@lru_cache(4)
def schema(language: str) -> dict[str, Any]:
    """The same for everybody, and while the program runs."""
    generator: Any = SchemaGenerator
    found: dict[str, Any] = generator().get_schema(request=None, public=True)
    return found


class Swagger(TemplateView):
    """The description to read and to try out, in the browser. Who may see pages may."""

    template_name = "api/swagger.html"


class Redoc(TemplateView):
    """The description to read. Of styles within the page the policy knows just two."""

    template_name = "api/redoc.html"

    def render_to_response(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().render_to_response(*args, **kwargs)
        response.style_hashes = STYLES  # type: ignore[attr-defined]
        return response


def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """An address that is none, told as every other problem is."""
    return problem_json(
        404, _("There is nothing at this address, or it is not for you.")
    )
