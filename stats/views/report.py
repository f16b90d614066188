"""The page and the files of one unblinded study."""

from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Study

from .. import pdf
from ..exporting.bundle import zip_pieces
from ..freezing import (
    changed_since,
    frozen_last,
    report_freeze,
    report_step,
    stability_is_newer,
)
from ..models import FrozenReport
from ..pages import Body, frozen_body, report_body, sections
from ..reporting.building import report_build
from ..reporting.keeping import report_read
from ..reporting.study_images import study_images
from ..selectors import check_unblinded
from ..services import export_record, image_quality_measure
from .access import Request, fetch_study, refuse

# A page answers within two seconds; what is left is measured by the next call.
MEASURING_SECONDS = 1.0
# Answers that a page compares with what was frozen without being asked to.
CHECKED_UNASKED = 20_000
REASON_LENGTH = 2000


def frozen_asked(request: Request, study: Study) -> FrozenReport | None:
    """The version that is asked for, by default the last one; None: not frozen yet."""
    check_unblinded(study)
    version = request.GET.get("version")
    if version is None:
        return frozen_last(study)
    if not version.isascii() or not version.isdecimal() or len(version) > 4:
        raise Http404
    found = study.frozen_reports.filter(number=int(version)).first()
    if found is None:
        raise Http404
    return found


@require_safe
def report(request: Request, slug: str) -> HttpResponse:
    """The frozen report; until there is one, how far it is, which goes on by itself.

    A worker freezes it after unblinding. Where none does, every call of the page
    measures for a second and keeps the result, and the last one computes.
    """
    study = fetch_study(request, slug)
    frozen = None
    try:
        frozen = frozen_asked(request, study) or _frozen_now(study)
        if frozen is None:
            return _progress(request, study)
        if request.htmx:
            return HttpResponseClientRefresh()
        kept = frozen_body(frozen)
        shown = _chosen(request, study, kept)
    except Refused as refusal:
        return refuse(request, study, refusal, frozen)
    context = {**_context(request, frozen, shown), "live": shown is not kept}
    return render(request, "stats/report.html", context)


def _frozen_now(study: Study) -> FrozenReport | None:
    return report_step(study=study, seconds=MEASURING_SECONDS)


def _progress(request: Request, study: Study) -> HttpResponse:
    page = "stats/_measuring.html" if request.htmx else "stats/measuring.html"
    return render(request, page, {"study": study, "images": study_images(study)})


def _chosen(request: Request, study: Study, kept: Body) -> Body:
    """The frozen report, or what other choices of its page give: that is computed."""
    control = request.GET.get("control") or None
    slice_wise = request.GET.get("blocks") == "slice"
    if control == (kept.report.control.code if kept.report.control else None):
        control = None
    if not control and not slice_wise:
        return kept
    report = report_build(study=study, control=control, slice_wise=slice_wise)
    html = report_body(study=study, report=report, frozen=None, slice_wise=slice_wise)
    return Body(report, html, sections(html))


def _context(request: Request, frozen: FrozenReport, shown: Body) -> dict[str, Any]:
    check = frozen.answers <= CHECKED_UNASKED or "check" in request.GET
    versions = list(frozen.study.frozen_reports.defer("content"))
    return {
        "study": frozen.study,
        "report": shown.report,
        "frozen": frozen,
        "body": shown.html,
        "sections": shown.sections,
        "versions": versions,
        "is_last": frozen.number == versions[-1].number,
        "checked": check,
        "changed": changed_since(frozen) if check else (),
        "stability_is_newer": check and stability_is_newer(frozen),
    }


@require_POST
def freeze(request: Request, slug: str) -> HttpResponse:
    """Compute the report anew, as its next version, with the reason that is given."""
    study = fetch_study(request, slug)
    try:
        check_unblinded(study)
        reason = request.POST.get("reason", "")[:REASON_LENGTH].strip()
        if not reason:
            raise Refused(_("A reason is needed."))
        image_quality_measure(study=study)
        report_freeze(study=study, by=request.user, reason=reason)
    except Refused as refusal:
        return refuse(request, study, refusal)
    return redirect("stats:report", slug)


@require_safe
def report_pdf(request: Request, slug: str) -> HttpResponse:
    """The frozen report on paper, in the language of the page."""
    study = fetch_study(request, slug)
    frozen = None
    try:
        frozen = frozen_asked(request, study)
        if frozen is None:
            return redirect("stats:report", slug)
        content = pdf.document(frozen, language=get_language() or "en")
    except Refused as refusal:
        return refuse(request, study, refusal, frozen)
    name = f"{study.slug}-report-{frozen.number}.pdf"
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_safe
def report_json(request: Request, slug: str) -> HttpResponse:
    """The frozen report as the bytes whose hash is printed."""
    study = fetch_study(request, slug)
    try:
        frozen = frozen_asked(request, study)
    except Refused as refusal:
        return refuse(request, study, refusal)
    if frozen is None:
        return redirect("stats:report", slug)
    name = f"{study.slug}-report-{frozen.number}.json"
    return HttpResponse(
        frozen.content.encode(),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_safe
def export(request: Request, slug: str) -> HttpResponse | StreamingHttpResponse:
    """All CSV files as one zip, sent while it is made; its tables are the frozen
    report's."""
    study = fetch_study(request, slug)
    excel = request.GET.get("excel") == "1"
    frozen = None
    try:
        frozen = frozen_asked(request, study) or _frozen_now(study)
        if frozen is None:
            return redirect("stats:report", slug)
        kept = report_read(frozen.content)
    except Refused as refusal:
        return refuse(request, study, refusal, frozen)
    export_record(study=study, by=request.user, excel=excel)
    return StreamingHttpResponse(
        zip_pieces(study=study, report=kept, excel=excel),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{study.slug}.zip"'},
    )
