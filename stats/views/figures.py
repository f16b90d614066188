"""Figures of a frozen report as files, light or dark, and the numbers in them."""

import csv
import hashlib
from functools import lru_cache
from io import StringIO

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from readerstudy.imaging.errors import Refused

from ..exporting.csv_text import cell_text
from ..figures.picture import Picture
from ..figures.registry import figures
from ..figures.rendering import CONTENT_TYPES, FORMS, render
from ..figures.style import THEMES
from ..models import FrozenReport
from ..reporting.keeping import report_read
from ..versions import program_sha256
from .access import Request, fetch_study, refuse
from .report import frozen_asked

KEPT_FILES = 128  # of some 100 kB each


@require_safe
def figure(request: Request, slug: str, name: str, form: str) -> HttpResponse:
    """One figure, as the page's language has it. A browser that has it is told so."""
    study = fetch_study(request, slug)
    theme = request.GET.get("theme", "light")
    if theme not in THEMES or form not in (*FORMS, "csv"):
        raise Http404
    try:
        frozen = frozen_asked(request, study)
        if frozen is None:
            return redirect("stats:report", slug)
        language = get_language() or "en"
        what = (frozen.pk, frozen.sha256, name, form, theme, language)
        tag = hashlib.sha256(repr((program_sha256(), *what)).encode()).hexdigest()
        etag = f'"{tag[:32]}"'
        response = get_conditional_response(request, etag=etag)
        if response is None:
            content, content_type = _file(*what)
            response = HttpResponse(content, content_type=content_type)
    except Refused as refusal:
        return refuse(request, study, refusal)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = (
        f'inline; filename="{study.slug}-{name}.{form}"'
    )
    return response


@lru_cache(KEPT_FILES)
def _file(
    pk: int, sha256: str, name: str, form: str, theme: str, language: str
) -> tuple[bytes, str]:
    """Content and type of a file. It never changes: a frozen report does not."""
    with override(language):
        picture = _figures(pk, sha256, language).get(name)
        if picture is None:
            raise Http404
        if form == "csv":
            return _csv(picture), "text/csv; charset=utf-8"
        found = next(one for one in FORMS if one == form)
        shade = next(one for one in THEMES if one == theme)
        return render(picture, theme=shade, form=found), CONTENT_TYPES[found]


@lru_cache(4)
def _figures(pk: int, sha256: str, language: str) -> dict[str, Picture]:
    """A page asks for ten at once; texts that a figure keeps are of one language."""
    return figures(report_read(FrozenReport.objects.get(pk=pk).content))


def _csv(picture: Picture) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(picture.table.header)
    writer.writerows([cell_text(cell) for cell in row] for row in picture.table.rows)
    return text.getvalue().encode()
