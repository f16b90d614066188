"""The door that all doors for programs are made from."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from .authentication import HasScope, TokenAuthentication
from .pagination import Pages


class Door(APIView):
    """Four steps: fetch (which authorises), parse, one service, serialize.

    scopes: what a token needs, for every method that the door has. An empty string
    lets every token in.
    """

    scopes: ClassVar[Mapping[str, str]]
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated, HasScope]
    pagination_class = Pages

    def scope_of(self, method: str) -> str:
        asked = "GET" if method == "HEAD" else method
        return "" if asked == "OPTIONS" else self.scopes.get(asked, "")

    def parse(
        self,
        serializer: type[BaseSerializer],
        *,
        data: Any = None,
        partial: bool = False,
        **context: Any,
    ) -> dict[str, Any]:
        """What was sent, checked field by field; fields that nobody knows are named.

        data: something other than the body, such as `request.query_params`.
        """
        given = self.request.data if data is None else data
        parsed = serializer(data=given, partial=partial, context=context)
        if isinstance(given, Mapping) and hasattr(parsed, "fields"):
            _refuse_unknown(given, parsed.fields)
        parsed.is_valid(raise_exception=True)
        return dict(parsed.validated_data)

    def page(
        self, found: Iterable[Any], serializer: type[BaseSerializer], **context: Any
    ) -> Response:
        """One page of a query or a list: {count, next, previous, results}."""
        pages = self.pagination_class()
        rows = found if hasattr(found, "__getitem__") else list(found)
        shown = pages.paginate_queryset(rows, self.request, view=self)
        data = serializer(shown, many=True, context=context).data
        return pages.get_paginated_response(data)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _refuse_unknown(given: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    known = {name for name, field in fields.items() if not field.read_only}
    unknown = [name for name in given if name not in {*known, "csrfmiddlewaretoken"}]
    if unknown:
        raise ValidationError({name: _("There is no such field.") for name in unknown})
