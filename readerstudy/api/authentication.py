"""Who asks: a program by its token, or a page of the site by its session."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from readerstudy.accounts.models import Token
from readerstudy.accounts.tokens import token_find


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer rs_…`"""

    def authenticate(self, request: Any) -> tuple[Any, Token] | None:
        scheme, _space, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = token_find(secret.strip().decode("latin-1"))
        if token is None:
            raise AuthenticationFailed(
                _("This token is not known, has expired or was revoked.")
            )
        return token.user, token

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="readerstudy"'


class HasScope(BasePermission):
    """A token opens only what it was made for; a session opens what its person may."""

    def has_permission(self, request: Any, view: Any) -> bool:
        scope = view.scope_of(request.method)
        if scope and isinstance(request.auth, Token):
            self.message = _("This token was not made for “%s”.") % scope
            return scope in request.auth.scopes
        return True
