"""Name and password where there is no page to ask for more."""

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.http import HttpRequest

from .roles import has_second_factor, lacks_second_factor


def user_of_password(request: HttpRequest, *, name: str, password: str) -> User | None:
    """Whose they are; None where a password alone opens nothing: such programs use
    a token. Guessing is counted as on the page of the login."""
    if "\0" in name:  # nobody's; PostgreSQL would not even look for it
        return None
    user = authenticate(request, username=name, password=password)
    if not isinstance(user, User):
        return None
    if has_second_factor(user) or lacks_second_factor(user):
        return None
    return user
