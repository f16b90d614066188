"""How the doors are described: OpenAPI 3.1, by drf-spectacular."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from .idempotency import HEADER

PROBLEM = {
    "type": "object",
    "description": "RFC 9457: what went wrong, in plain words.",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
ALWAYS = {
    400: "Some of what was sent cannot be used; `errors` names the fields.",
    401: "No token, or one that is not known, has expired or was revoked.",
    403: "The token was not made for this, or the person's role does not allow it.",
    404: "There is nothing at this address, or it is not for you.",
    405: "This address has no such method.",
    409: "Not possible as things stand; `detail` says why.",
    429: "Too many requests; `Retry-After` has the seconds to wait.",
    503: "The database is away; `Retry-After` has the seconds to wait.",
}
OF_WRITES = {
    413: "The request is larger than what is accepted here.",
    415: "Only what is listed here can be read.",
    422: "The Idempotency-Key was used for another request.",
    507: "The server's disk is full.",
}
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def _reference(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/Problem{status}"}


class DoorSchema(AutoSchema):
    """Adds what every door has: problems, scopes, the key of a write."""

    def get_override_parameters(self) -> list[Any]:
        if self.method not in WRITES or not getattr(self.view, "keeps_answers", False):
            return []
        return [
            OpenApiParameter(
                HEADER,
                {"type": "string", "minLength": 1, "maxLength": 255},
                OpenApiParameter.HEADER,
                description="The same key with the same request is carried out once.",
            )
        ]

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            found = ALWAYS | (OF_WRITES if self.method in WRITES else {})
            for status in found:
                operation["responses"].setdefault(str(status), _reference(status))
        return operation


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "readerstudy.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "rs_…",
            "description": "A token, made on the page “Tokens”.",
        }

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, Any]:
        scope = auto_schema.view.scope_of(auto_schema.method)
        return {self.name: [scope] if scope else []}


def let_anything_be_null(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Anything at all includes null: it must not be said twice, in a oneOf."""

    def mended(found: Any) -> Any:
        if isinstance(found, list):
            return [mended(one) for one in found]
        if not isinstance(found, dict):
            return found
        if found.get("oneOf") == [{}, {"type": "null"}]:
            found = {name: one for name, one in found.items() if name != "oneOf"}
        return {name: mended(one) for name, one in found.items()}

    return dict(mended(result))


def add_problems(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """The problems that all doors have in common, once."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    content = {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    components["responses"] = {
        f"Problem{status}": {"description": words, "content": content}
        for status, words in (ALWAYS | OF_WRITES).items()
    }
    for status in (429, 503):
        components["responses"][f"Problem{status}"]["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}}
        }
    return result
