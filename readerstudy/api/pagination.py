"""Long lists come in pages."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination

LARGEST = 2**31 - 1


class Pages(PageNumberPagination):
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500

    def get_page_number(self, request: Any, paginator: Any) -> int:
        number = _whole(request, self.page_query_param, 1, LARGEST)
        if number > max(1, paginator.num_pages):
            last = paginator.num_pages
            raise ValidationError({"page": _("There are %d pages.") % last})
        return number

    def get_page_size(self, request: Any) -> int:
        param = self.page_size_query_param
        return _whole(request, param, self.page_size, self.max_page_size)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = super().get_paginated_response_schema(schema)
        found["required"] = ["count", "next", "previous", "results"]
        return found

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        page = {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": 1}
        size = {
            "type": "integer",
            "minimum": 1,
            "maximum": self.max_page_size,
            "default": self.page_size,
        }
        return [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in (("page", page), ("page_size", size))
        ]


def _whole(request: Any, param: str, default: int, largest: int) -> int:
    text = request.query_params.get(param)
    if text is None:
        return default
    if text.isascii() and text.isdecimal() and len(text) <= 10:
        number = int(text)
        if 0 < number <= largest:
            return number
    raise ValidationError({param: _("Give a whole number from 1 to %d.") % largest})
