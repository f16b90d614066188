"""The examples of the grades, for those who read."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..atlas import atlas_pixels
from ..pages.atlas import atlas_page
from .reader import never_stored, reader_or_404


@require_safe
def atlas_show(request: HttpRequest, slug: str) -> HttpResponse:
    """A page of the examples, to be looked at before reading."""
    page = atlas_page(reader_or_404(request, slug).study)
    if page is None:
        raise Http404
    return never_stored(render(request, "reading/atlas.html", {"page": page}))


@require_safe
def atlas_pixels_show(request: HttpRequest, slug: str) -> HttpResponse:
    """The shown slices of all examples: the same bytes for every read of a study."""
    study = reader_or_404(request, slug).study
    content = atlas_pixels(study.question_set, window=study.window_rule)
    if not content:
        raise Http404
    return never_stored(HttpResponse(content, content_type="application/octet-stream"))
