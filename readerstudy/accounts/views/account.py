"""What of the pages of an account is not django-allauth's as it is."""

from allauth.account import views
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache


@never_cache
def password_change(request: HttpRequest) -> HttpResponseBase:
    """Who comes in by single sign-on has no password here, and needs none."""
    if not isinstance(request.user, User) or not request.user.has_usable_password():
        raise Http404
    response: HttpResponseBase = views.password_change(request)
    return response
