"""The protocol as a file, in and out, and its amendments."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused

from .. import services
from ..forms.amendment import AmendmentForm
from ..models import Study
from ..protocol.file import protocol_yaml
from ..protocol.frozen import current_sha256
from ..protocol.plain_yaml import MAX_BYTES
from ..protocol.words import amendments_told, changes_told
from ..services.amendments import amendment_preview
from .unblinded import COORDINATOR, STATISTICIAN, study_or_404, user_of


@require_safe
def protocol_download(request: HttpRequest, slug: str) -> HttpResponse:
    """The protocol as it stands, as a file to keep or to make another study of."""
    study = study_or_404(request, slug, COORDINATOR, STATISTICIAN)
    response = HttpResponse(
        protocol_yaml(study), content_type="application/yaml; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{slug}.protocol.yaml"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def protocol_upload(request: HttpRequest) -> HttpResponse:
    """Make a draft of a protocol's file, or say everything that is wrong with it."""
    user = user_of(request)
    if not user.has_perm("cases.add_cohort"):
        raise Http404
    file = request.FILES.get("protocol")
    try:
        if file is None:
            raise Refused(_("Choose a file first."))
        loaded = services.protocol_load(
            content=file.read(MAX_BYTES + 1),
            by=user,
            replaces="replace" in request.POST,
        )
    except Refused as refused:
        context = {
            "cohorts": Cohort.objects.visible_to(user),
            "problems": str(refused).splitlines(),
        }
        return render(request, "reading/study_cohort.html", context)
    done = (
        _("A draft was made of the file.")
        if loaded.made
        else _("The draft was written anew from the file.")
    )
    messages.success(request, done)
    return redirect("reading:study-detail", loaded.study.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def study_amend(request: HttpRequest, slug: str) -> HttpResponse:
    """First what would change, from what to what; then, confirmed, the amendment."""
    study = study_or_404(request, slug, COORDINATOR)
    if study.state not in (Study.State.OPEN, Study.State.CLOSED):
        raise Http404
    form = AmendmentForm(request.POST or None, study=study)
    context = {"study": study, "form": form, "amendments": amendments_told(study)}
    if request.method == "POST" and form.is_valid():
        try:
            if "confirmed" in request.POST:
                return _amend(request, study, form)
            changes = amendment_preview(study=study, **form.settings())
        except Refused as refused:
            for line in str(refused).splitlines():
                form.add_error(None, line)
        else:
            context |= {
                "changes": changes_told(study, changes),
                "unseen": AmendmentForm(request.POST, study=study, auto_id=False),
                "amends": current_sha256(study),
            }
    return render(request, "reading/study_amend.html", context)


def _amend(request: HttpRequest, study: Study, form: AmendmentForm) -> HttpResponse:
    amendment = services.protocol_amend(
        study=study,
        by=user_of(request),
        reason=form.cleaned_data["reason"],
        amends=request.POST["confirmed"],
        **form.settings(),
    )
    done = _("Amendment %d is part of the protocol from now on.") % amendment.number
    messages.success(request, done)
    return redirect("reading:study-detail", study.slug)
