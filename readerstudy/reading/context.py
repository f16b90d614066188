"""What every page's header needs to know of who is looking."""

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from . import selectors


def navigation(request: HttpRequest) -> dict[str, object]:
    """Whether to offer studies and reading; asked only where a page shows it."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {
        "sees_studies": SimpleLazyObject(lambda: selectors.may_see_studies(user)),
    }
