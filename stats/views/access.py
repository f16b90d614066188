"""Who may come in, and how somebody who may is told why there is nothing."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django_htmx.middleware import HtmxDetails

from readerstudy.cases.wording import told
from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Study

from ..models import FrozenReport
from ..selectors import MAY_SEE_RESULTS


class Request(HttpRequest):
    """As the middleware hands it over: somebody is logged in, htmx is known."""

    user: User
    htmx: HtmxDetails


def fetch_study(request: Request, slug: str) -> Study:
    studies = Study.objects.for_role(request.user, *MAY_SEE_RESULTS)
    return get_object_or_404(studies, slug=slug)


def refuse(
    request: Request,
    study: Study,
    refusal: Refused,
    frozen: FrozenReport | None = None,
) -> HttpResponse:
    """frozen: a report that is there and cannot be shown."""
    context = {"study": study, "refusal": told(str(refusal)), "frozen": frozen}
    return render(request, "stats/refused.html", context, status=409)
