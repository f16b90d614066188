"""Pictures beside the numbers of a report."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from readerstudy.cases.pages.stability import case_png
from readerstudy.cases.selectors.stability import stability_cases
from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Arm, Study

from ..reporting.pictures import pair_png
from ..reporting.stack_images import study_type
from ..reporting.stack_pictures import stack_pair_png
from ..selectors import check_unblinded, study_cases
from .access import Request, fetch_study, refuse


@require_safe
def image_pair(request: Request, slug: str, arm: str, case: str) -> HttpResponse:
    """One case in the reference and in an arm, one above the other; of a whole stack
    one slice (?slice=, from 0), side by side, with what readers marked (?marks=)."""
    study = fetch_study(request, slug)
    try:
        check_unblinded(study)
        shown = get_object_or_404(study.arms, code=arm)
        code = get_object_or_404(study_cases(study), code=case).code
        content = _pair(request, study, shown, code)
    except Refused as refusal:
        return refuse(request, study, refusal)
    return HttpResponse(
        content,
        content_type="image/png",
        headers={"Cache-Control": "private, max-age=3600"},
    )


def _pair(request: Request, study: Study, arm: Arm, case: str) -> bytes:
    if not study_type(study).is_stack:
        return pair_png(study, arm=arm, case=case)
    told = request.GET.get("slice", "")
    if told and not (told.isascii() and told.isdecimal() and len(told) < 5):
        raise Http404
    return stack_pair_png(
        study,
        arm=arm,
        case=case,
        place=int(told) if told else None,
        question=request.GET.get("marks", ""),
    )


@require_safe
def stability_picture(
    request: Request, slug: str, arm: str, case: str, name: str
) -> HttpResponse:
    """One case: reference, input, output, and a map of the stability suite over it."""
    study = fetch_study(request, slug)
    try:
        check_unblinded(study)
        method = get_object_or_404(study.arms, code=arm).method
        stability = get_object_or_404(study.cohort.stabilities, method=method)
        found = get_object_or_404(stability_cases(stability), case__code=case)
        if name not in found.map_names:
            raise Http404
        slices = stability.series.get("slices", {})
        content = case_png(found, map_name=name, slices=slices)
    except Refused as refusal:
        return refuse(request, study, refusal)
    return HttpResponse(
        content,
        content_type="image/png",
        headers={"Cache-Control": "private, max-age=3600"},
    )
