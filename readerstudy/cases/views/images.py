"""Images that others have made of a cohort's cases, finished: sent for all of them."""

from functools import partial
from http import HTTPStatus

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from readerstudy.imaging.errors import Refused

from .. import selectors, services
from ..forms.sending import ImagesForm
from ..models import Cohort
from ..transfers.sealing_handler import SealingHandler
from ..wording import told
from .access import HttpRequest, cohort_or_404, may_upload
from .sealed_form import sealed_form
from .uploads import PIECE_BYTES


@csrf_exempt  # only until the files can be sealed; sealed_form checks the token
@require_http_methods(["GET", "POST"])
@may_upload
def cohort_images(request: HttpRequest, pk: int) -> HttpResponse:
    """The page, and the form as it comes from a browser without scripts."""
    cohort = cohort_or_404(request, pk)
    if request.method == "GET":
        return _page(request, cohort, ImagesForm())

    def again(error: str, status: int) -> HttpResponse:
        return _page(request, cohort, ImagesForm(), error, status)

    return sealed_form(request, again=again, take=partial(_take, request, cohort))


def _take(
    request: HttpRequest, cohort: Cohort, handler: SealingHandler
) -> HttpResponse:
    form = ImagesForm(request.POST)
    if not form.is_valid():
        return _page(request, cohort, form)
    try:
        upload = services.parcel_take(
            parcel=handler.parcel,
            by=request.user,
            cohort=cohort,
            name=form.cleaned_data["name"],
        )
    except Refused as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(request, cohort, form, str(error), status)
    return redirect("cases:cohort-confirm", upload.pk)


def _page(
    request: HttpRequest,
    cohort: Cohort,
    form: ImagesForm,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "cohort": cohort,
        "form": form,
        "error": told(error),
        "piece_bytes": PIECE_BYTES,
        "limit_bytes": settings.COHORT_UPLOAD_MAX_BYTES,
        "finished": selectors.finished_images(cohort),
        "case_count": cohort.cases.count(),
        "needed": selectors.shapes_needed(cohort),
    }
    return render(request, "cases/cohort_images.html", context, status=status)
