"""The door that all doors for programs are made from."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import (
    AuthenticationFailed,
    NotAcceptable,
    NotAuthenticated,
    Throttled,
    ValidationError,
)
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from .authentication import HasScope, TokenAuthentication
from .idempotency import answer_once, key_of
from .pagination import Pages
from .schema import DoorSchema
from .throttles import Heavy, PerPerson, Strangers

WRITES = ("POST", "PUT", "PATCH", "DELETE")


class LenientNegotiation(DefaultContentNegotiation):
    """A door answers what it can, a file or JSON, if nothing of it is named as
    accepted."""

    def select_renderer(
        self, request: Any, renderers: Any, format_suffix: Any = None
    ) -> tuple[Any, str]:
        try:
            chosen: tuple[Any, str] = super().select_renderer(
                request, renderers, format_suffix
            )
        except NotAcceptable:
            return renderers[0], renderers[0].media_type
        return chosen


class Door(APIView):
    """Four steps: fetch (which authorises), parse, one service, serialize.

    scopes: what a token needs, for every method that the door has. An empty string
    lets every token in.
    is_heavy: answering costs seconds, so it is not asked for often.
    takes_long: no transaction may be open as long as the act takes.
    keeps_answers: whether an Idempotency-Key is heeded. Doors that take files piece
    by piece have means of their own.
    """

    scopes: ClassVar[Mapping[str, str]]
    is_heavy: ClassVar[bool] = False
    takes_long: ClassVar[bool] = False
    keeps_answers: ClassVar[bool] = True
    schema = DoorSchema()
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated, HasScope]
    pagination_class = Pages
    content_negotiation_class = LenientNegotiation

    def scope_of(self, method: str) -> str:
        asked = "GET" if method == "HEAD" else method
        return "" if asked == "OPTIONS" else self.scopes.get(asked, "")

    def get_throttles(self) -> list[Any]:
        return [PerPerson(), *([Heavy()] if self.is_heavy else [])]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who, whether and how often; then a write with a key is carried out once."""
        super().initial(request, *args, **kwargs)
        handler = getattr(self, request.method.lower(), None)
        if request.method not in WRITES or handler is None or not self.keeps_answers:
            return
        if key := key_of(request):
            # the REST framework looks its handler up after this
            self.__dict__[request.method.lower()] = lambda *args, **kwargs: answer_once(
                lambda: handler(*args, **kwargs),
                request=request,
                key=key,
                takes_long=self.takes_long,
            )

    def handle_exception(self, exc: Exception) -> Response:
        """Whoever tries tokens is made to wait, once it has been often."""
        if isinstance(exc, NotAuthenticated | AuthenticationFailed):
            strangers = Strangers()
            if not strangers.allow_request(self.request, self):
                exc = Throttled(strangers.wait())
        return super().handle_exception(exc)

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
