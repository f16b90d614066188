"""The page where a person makes and revokes the tokens of their programs."""

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from readerstudy.imaging.errors import Refused

from ..models import Token
from ..scopes import SCOPES
from ..token_forms import TokenForm
from ..tokens import token_make, token_revoke


class Request(HttpRequest):
    """As the middleware hands it over: somebody is logged in."""

    user: User


@never_cache
@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def tokens(request: Request) -> HttpResponse:
    """One's own tokens. The page that answers the form shows a secret, once.

    Whoever finds a browser open makes none: it is asked again who sits there.
    """
    form = TokenForm(request.POST or None)
    made, secret = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = token_make(user=request.user, **form.cleaned_data)
            form = TokenForm()
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {
        "form": form,
        "made": made,
        "secret": secret,
        "tokens": Token.objects.of(request.user),
        "scopes": SCOPES,
    }
    return render(request, "accounts/tokens.html", context)


@require_POST
def revoke(request: Request, pk: int) -> HttpResponse:
    token = get_object_or_404(Token.objects.of(request.user), pk=pk)
    token_revoke(token=token, by=request.user)
    return redirect("accounts:tokens")
