"""Figures of a frozen report as files, light or dark, and the numbers in them."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from readerstudy.imaging.errors import Refused

from ..exporting.figures import FILE_FORMS, figure_asked, figure_file, figure_tag
from ..figures.style import THEMES
from .access import Request, fetch_study, refuse
from .report import frozen_asked


@require_safe
def figure(request: Request, slug: str, name: str, form: str) -> HttpResponse:
    """One figure, as the page's language has it. A browser that has it is told so."""
    study = fetch_study(request, slug)
    theme = request.GET.get("theme", "light")
    if theme not in THEMES or form not in FILE_FORMS:
        raise Http404
    try:
        frozen = frozen_asked(request, study)
        if frozen is None:
            return redirect("stats:report", slug)
        asked = figure_asked(frozen, name=name, form=form, theme=theme)
        etag = f'"{figure_tag(asked)}"'
        response = get_conditional_response(request, etag=etag)
        if response is None:
            if (found := figure_file(*asked)) is None:
                raise Http404
            response = HttpResponse(found[0], content_type=found[1])
    except Refused as refusal:
        return refuse(request, study, refusal)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = (
        f'inline; filename="{study.slug}-{name}.{form}"'
    )
    return response
