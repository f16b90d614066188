"""Who acts, where an act comes from Django's signals, which do not say it."""

from collections.abc import Callable
from contextvars import ContextVar

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

_asked: ContextVar[HttpRequest | None] = ContextVar("asked", default=None)


def remember_who_asks(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware: while a request is answered, `acting` knows who sent it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = _asked.set(request)
        try:
            return get_response(request)
        finally:
            _asked.reset(token)

    return middleware


def acting() -> User | None:
    """Who is logged in where this happens; None for a visitor or the program itself."""
    user = getattr(_asked.get(), "user", None)
    return user if isinstance(user, User) else None
