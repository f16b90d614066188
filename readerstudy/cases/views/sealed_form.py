"""A form with files: sealed while they come, once it is known who sends them."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect

from readerstudy.imaging.errors import Refused

from .. import services
from ..transfers.sealing_handler import SealingHandler
from .access import HttpRequest

TOO_LARGE = 413


def sealed_form(
    request: HttpRequest,
    *,
    again: Callable[[str, int], HttpResponse],
    take: Callable[[SealingHandler], HttpResponse],
) -> HttpResponse:
    """Answer a form of a view that is exempt from the check of its token: it is checked
    here. Too large a form is refused before it is read, which the token would need.

    again: the page with a reason and a status. take: what becomes of the files; those
        that it does not take are forgotten.
    """
    try:
        size = int(request.META.get("CONTENT_LENGTH") or 0)
        services.sending.check_size(size)
        services.sending.check_waiting(request.user, more=size)
    except Refused as error:
        return again(str(error), TOO_LARGE)
    handler = SealingHandler(request.user)
    request.upload_handlers = [handler]

    @csrf_protect
    def checked(_request: HttpRequest) -> HttpResponse:
        return take(handler)

    try:
        request.POST.keys()  # reads the files
        return checked(request)
    except TooManyFilesSent:
        return again(_too_many(), TOO_LARGE)
    finally:
        if handler.parcel:
            services.parcel_drop(parcel=handler.parcel, by=request.user)


def _too_many() -> str:
    text = _("These are more than %(most)d files. Please make a zip file of them.")
    return text % {"most": settings.DATA_UPLOAD_MAX_NUMBER_FILES}
