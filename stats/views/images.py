"""Pictures beside the numbers of a report."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from readerstudy.imaging.errors import Refused

from ..reporting.pictures import pair_png
from ..selectors import check_unblinded, study_cases
from .access import Request, fetch_study, refuse


@require_safe
def image_pair(request: Request, slug: str, arm: str, case: str) -> HttpResponse:
    """One case in the reference and in an arm, one above the other."""
    study = fetch_study(request, slug)
    try:
        check_unblinded(study)
        shown = get_object_or_404(study.arms, code=arm)
        code = get_object_or_404(study_cases(study), code=case).code
        content = pair_png(study, arm=shown, case=code)
    except Refused as refusal:
        return refuse(request, study, refusal)
    return HttpResponse(
        content,
        content_type="image/png",
        headers={"Cache-Control": "private, max-age=3600"},
    )
