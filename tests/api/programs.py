"""Programs as tests play them: a token, JSON there and back."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from readerstudy.accounts.scopes import SCOPES
from readerstudy.accounts.tokens import token_make

PROBLEM = "application/problem+json"
API = "/api/v1/"


def token_of(user: User, *scopes: str) -> str:
    """The secret of a new token; without scopes, one with them all."""
    made = token_make(user=user, name="test", scopes=scopes or tuple(SCOPES), days=1)
    return made[1]


class Program(Client):
    """Asks with a person's token: `Program(coordinator, "cohorts:read").get(path)`.

    Paths may be given without /api/v1/ before them; data goes as JSON.
    """

    def __init__(self, user: User | None, *scopes: str, **kwargs: Any) -> None:
        headers = kwargs.pop("headers", {})
        if user is not None:
            headers["Authorization"] = f"Bearer {token_of(user, *scopes)}"
        super().__init__(headers=headers, **kwargs)

    def generic(self, method: str, path: Any, *args: Any, **kwargs: Any) -> Any:
        whole = str(path) if str(path).startswith("/") else f"{API}{path}"
        return super().generic(method, whole, *args, **kwargs)

    def post(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        return super().post(path, *_as_json(data), **kwargs)

    def put(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        return super().put(path, *_as_json(data), **kwargs)

    def patch(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        return super().patch(path, *_as_json(data), **kwargs)


def _as_json(data: Any) -> tuple[Any, str]:
    return {} if data is None else data, "application/json"
