"""The coordinator's side: studies, their arms, progress and states."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from readerstudy.cases.models import Cohort
from readerstudy.cases.selectors import cohort_methods
from readerstudy.imaging.errors import Refused

from .. import selectors, services
from ..forms.study import StudyForm, initial_of
from ..models import Study
from ..pages.settings import settings_told
from ..preflight.checks import preflight
from ..preflight.plan import hints
from ..protocol.frozen import study_cases
from ..protocol.types import reference_proposed
from ..protocol.words import amendments_told
from ..selectors.conduct import agreements
from ..selectors.stability import arms_unmeasured
from .unblinded import COORDINATOR, STATISTICIAN, coordinates, study_or_404, user_of


@require_safe
def study_list(request: HttpRequest) -> HttpResponse:
    """The studies in which this person holds an unblinded role."""
    if not selectors.may_see_studies(user_of(request)):
        raise Http404
    studies = Study.objects.for_role(user_of(request), COORDINATOR, STATISTICIAN)
    context = {
        "studies": studies.select_related("cohort").order_by("-created_at"),
        "may_create": _may_create(request),
    }
    return render(request, "reading/study_list.html", context)


def _may_create(request: HttpRequest) -> bool:
    return user_of(request).has_perm("cases.add_cohort")


@require_http_methods(["GET", "HEAD", "POST"])
def study_create(request: HttpRequest) -> HttpResponse:
    """First the cohort, then everything else about its study."""
    if not _may_create(request):
        raise Http404
    cohorts = Cohort.objects.visible_to(user_of(request))
    if "cohort" not in request.GET:
        return render(request, "reading/study_cohort.html", {"cohorts": cohorts})
    cohort = get_object_or_404(cohorts, pk=_number_or_404(request.GET["cohort"]))
    methods = cohort_methods(cohort)
    form = StudyForm(
        request.POST or None,
        cohort=cohort,
        methods=methods,
        initial={"reference": reference_proposed(cohort, methods)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            study = services.study_create(
                slug=form.cleaned_data["slug"],
                cohort=cohort,
                coordinator=user_of(request),
                **form.settings(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("reading:study-detail", study.slug)
    context = {"form": form, "cohort": cohort}
    return render(request, "reading/study_form.html", context)


def _number_or_404(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return int(text)


@require_http_methods(["GET", "HEAD", "POST"])
def study_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a draft anew."""
    study = study_or_404(request, slug, COORDINATOR)
    if study.state != Study.State.DRAFT:
        raise Http404
    methods = cohort_methods(study.cohort)
    form = StudyForm(
        request.POST or None,
        cohort=study.cohort,
        methods=methods,
        initial=initial_of(study, list(methods), by=user_of(request)),
    )
    form.fields["slug"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            services.study_update(study=study, by=user_of(request), **form.settings())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("reading:study-detail", study.slug)
    context = {"form": form, "cohort": study.cohort, "study": study}
    return render(request, "reading/study_form.html", context)


@require_safe
def study_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole study, without any score."""
    study = study_or_404(request, slug, COORDINATOR, STATISTICIAN)
    is_draft = study.state == Study.State.DRAFT
    before_unblinding = study.state in (Study.State.OPEN, Study.State.CLOSED)
    context = {
        "study": study,
        "arms": selectors.arm_examples(study),
        "states": Study.State.choices,
        "settings": settings_told(study),
        "agreements": agreements(study, user_of(request)),
        "unmeasured": arms_unmeasured(study) if before_unblinding else None,
        "coordinates": coordinates(request, study),
        "findings": preflight(study) if is_draft else [],
        "hints": hints(study, study_cases(study)) if is_draft else [],
        "amendments": amendments_told(study),
        "progress": selectors.study_progress(study),
        "people": selectors.unblinded_people(study),
        "sees_cohort": study.cohort.coordinators.filter(
            pk=user_of(request).pk
        ).exists(),
    }
    return render(request, "reading/study_detail.html", context)


@require_safe
def study_progress(request: HttpRequest, slug: str) -> HttpResponse:
    """The table of progress alone, for polling."""
    study = study_or_404(request, slug, COORDINATOR, STATISTICIAN)
    context = {"study": study, "progress": selectors.study_progress(study)}
    return render(request, "reading/_progress.html", context)


def _transition(
    request: HttpRequest,
    slug: str,
    act: Callable[..., Study],
    told: Mapping[Study.State, str],
    *roles: str,
) -> HttpResponse:
    """told: what to say, by the state to which the act has led."""
    study = study_or_404(request, slug, *roles)
    try:
        study = act(study=study, by=user_of(request))
    except Refused as refused:
        for reason in str(refused).splitlines():
            messages.error(request, reason)
    else:
        messages.success(request, told[Study.State(study.state)])
    return redirect("reading:study-detail", slug)


@require_POST
def study_open(request: HttpRequest, slug: str) -> HttpResponse:
    done = _("The study is open. Its protocol is frozen and its plan is drawn.")
    told = {Study.State.OPEN: done}
    return _transition(request, slug, services.study_open, told, COORDINATOR)


@require_POST
def study_close(request: HttpRequest, slug: str) -> HttpResponse:
    told = {Study.State.CLOSED: _("The study is closed.")}
    return _transition(request, slug, services.study_close, told, COORDINATOR)


@require_POST
def unblinding_approve(request: HttpRequest, slug: str) -> HttpResponse:
    """Agree that scores and arms be seen together; the second one does it."""
    told = {
        Study.State.CLOSED: _("You have agreed. The other agreement is missing yet."),
        Study.State.UNBLINDED: _("The study is unblinded."),
    }
    act = services.unblinding_approve
    return _transition(request, slug, act, told, COORDINATOR, STATISTICIAN)


@require_POST
def unblinding_withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    told = {Study.State.CLOSED: _("You have taken your agreement back.")}
    act = services.unblinding_withdraw
    return _transition(request, slug, act, told, COORDINATOR, STATISTICIAN)
