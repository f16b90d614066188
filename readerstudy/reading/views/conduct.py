"""How the reading goes, blind, and the log: for coordinators and statisticians."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from readerstudy.audit.selectors import anchor, events_of
from readerstudy.imaging.errors import Refused

from .. import selectors, services
from ..forms.conduct import PersonForm, ReadForm, SessionForm, StepForm
from ..models import Study
from ..selectors import conduct
from ..selectors.comments import comments
from ..selectors.deviations import deviation_counts, deviations
from ..selectors.log import ANSWERS, log_lines
from .unblinded import COORDINATOR, STATISTICIAN, coordinates, study_or_404, user_of

DEVIATIONS_SHOWN = 100  # the newest; the export holds all
COMMENTS_SHOWN = 100  # likewise
EVENTS_A_PAGE = 100


@dataclass(frozen=True)
class Step:
    """One act by which a coordinator steps in: its form, service and answer."""

    form: type[StepForm]
    act: Callable[..., object]
    done: str | Promise


STEPS = {
    "reopen": Step(
        ReadForm, services.read_reopen, _("The read is open for another answer.")
    ),
    "waive": Step(
        SessionForm, services.washout_waive, _("The session may begin at once.")
    ),
    "appoint": Step(
        PersonForm, services.member_appoint, _("The study has one more of its people.")
    ),
    "break": Step(ReadForm, services.code_break, _("The code is broken; see below.")),
}


@require_safe
def study_conduct(request: HttpRequest, slug: str) -> HttpResponse:
    """Who read when, under what conditions, and what did not go as planned."""
    study = study_or_404(request, slug, COORDINATOR, STATISTICIAN)
    return _conduct_page(request, study, None)


def _conduct_page(
    request: HttpRequest, study: Study, refused: StepForm | None
) -> HttpResponse:
    """refused: the form of a step that could not be taken, shown with the reasons."""
    steps_in = coordinates(request, study)
    forms = {name: step.form(study=study, prefix=name) for name, step in STEPS.items()}
    if refused is not None:
        forms[str(refused.prefix)] = refused
    disclosed = steps_in or study.state == Study.State.UNBLINDED
    context = {
        "study": study,
        "coordinates": steps_in,
        "forms": forms,
        "readers": conduct.readers_conduct(study),
        "counts": deviation_counts(study),
        "deviations": deviations(study, newest=DEVIATIONS_SHOWN),
        "comments": comments(study, newest=COMMENTS_SHOWN),
        "comments_shown": COMMENTS_SHOWN,
        "people": selectors.unblinded_people(study),
        "checks": conduct.viewing_checks(study),
        "training": conduct.training_outcomes(study),
        "reopenings": conduct.reopenings(study),
        "code_breaks": conduct.code_breaks(study, disclosed=disclosed),
        "disclosed": disclosed,
        "shown": DEVIATIONS_SHOWN,
    }
    return render(request, "reading/study_conduct.html", context)


def _step(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    study = study_or_404(request, slug, COORDINATOR)
    step = STEPS[name]
    form = step.form(request.POST, study=study, prefix=name)
    if form.is_valid():
        try:
            step.act(study=study, by=user_of(request), **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, str(step.done))
            return redirect("reading:study-conduct", slug)
    return _conduct_page(request, study, form)


@require_POST
def read_reopen(request: HttpRequest, slug: str) -> HttpResponse:
    return _step(request, slug, "reopen")


@require_POST
def washout_waive(request: HttpRequest, slug: str) -> HttpResponse:
    return _step(request, slug, "waive")


@require_POST
def member_appoint(request: HttpRequest, slug: str) -> HttpResponse:
    return _step(request, slug, "appoint")


@require_POST
def code_break(request: HttpRequest, slug: str) -> HttpResponse:
    return _step(request, slug, "break")


@require_safe
def study_log(request: HttpRequest, slug: str) -> HttpResponse:
    """What was done in the study, newest first, and the chain's last hash."""
    study = study_or_404(request, slug, COORDINATOR, STATISTICIAN)
    events = events_of(study.slug)
    brief = request.GET.get("answers") == "no"
    if brief:
        events = events.exclude(action__in=ANSWERS)
    page = Paginator(events, EVENTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "page": page,
        "lines": log_lines(study, page.object_list),
        "brief": brief,
        "anchor": anchor(),
    }
    return render(request, "reading/study_log.html", context)
