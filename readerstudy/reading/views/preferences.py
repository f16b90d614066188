"""A reader's own settings of the reading screen."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from readerstudy.imaging.errors import Refused

from .. import services
from .reader import never_stored, posted


@require_POST
def preferences_save(request: HttpRequest) -> HttpResponse:
    """Keep them; the screen that sends them has put them into effect already."""
    assert isinstance(request.user, User)
    try:
        services.preferences_save(
            user=request.user,
            keys=posted(request, "keys"),
            auto_advance=posted(request, "auto_advance") == "on",
        )
    except Refused as refusal:
        return never_stored(JsonResponse({"error": str(refusal)}, status=409))
    return never_stored(HttpResponse(status=204))
