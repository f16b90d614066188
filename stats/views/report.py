"""The page and the files of one unblinded study."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Study

from ..exporting.bundle import zip_pieces
from ..figures import drawing as figures
from ..reporting.building import report_build
from ..reporting.images import image_set
from ..selectors import check_unblinded, compared_arms
from ..services import export_record, image_quality_measure
from .access import Request, fetch_study, refuse

# A page answers within two seconds; what is left is measured by the next call.
MEASURING_SECONDS = 1.0


@require_safe
def report(request: Request, slug: str) -> HttpResponse:
    """The page; until all images are measured, its progress, which goes on by itself.

    Every call measures for a second and keeps the result, so nothing else has to
    run, and a page that was left is simply opened again.
    """
    study = fetch_study(request, slug)
    control = request.GET.get("control") or None
    slice_wise = request.GET.get("blocks") == "slice"
    try:
        check_unblinded(study)
        if not image_quality_measure(study=study, seconds=MEASURING_SECONDS):
            return _measuring(request, study)
        if request.htmx:
            return HttpResponseClientRefresh()
        built = report_build(study=study, control=control, slice_wise=slice_wise)
    except Refused as refusal:
        return refuse(request, study, refusal)
    context = {
        "study": study,
        "report": built,
        "arms": compared_arms(study),
        "slice_wise": slice_wise,
        "kappa_figure": figures.kappa_figure(built),
        "strip_figures": [figures.strip_figure(table) for table in built.quality[:2]],
        "grade_figure": figures.grade_figure(built),
        "blinding_figure": figures.blinding_figure(built),
    }
    return render(request, "stats/report.html", context)


def _measuring(request: Request, study: Study) -> HttpResponse:
    page = "stats/_measuring.html" if request.htmx else "stats/measuring.html"
    return render(request, page, {"study": study, "images": image_set(study)})


@require_safe
def export(request: Request, slug: str) -> HttpResponse | StreamingHttpResponse:
    """All CSV files as one zip, sent while it is made."""
    study = fetch_study(request, slug)
    excel = request.GET.get("excel") == "1"
    try:
        check_unblinded(study)
        if not image_quality_measure(study=study, seconds=MEASURING_SECONDS):
            return redirect("stats:report", slug)
        built = report_build(study=study)
    except Refused as refusal:
        return refuse(request, study, refusal)
    export_record(study=study, by=request.user, excel=excel)
    return StreamingHttpResponse(
        zip_pieces(study=study, report=built, excel=excel),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{study.slug}.zip"'},
    )
