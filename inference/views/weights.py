"""Pages on which coordinators look after weights."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inference import registry
from inference.card_page import card_page, chosen_case
from inference.models import Weights
from inference.previews import preview
from inference.services import weights as services
from inference.upload_forms import WeightsForm
from readerstudy.cases.wording import refusals_told, told
from readerstudy.imaging.errors import Refused

from .fetching import Request, fetch_cohort, fetch_uploader


def _fetch_weights(request: Request, pk: int) -> Weights:
    fetch_uploader(request)
    return get_object_or_404(Weights.objects.select_related("uploaded_by"), pk=pk)


@require_GET
def weights_list(request: Request) -> HttpResponse:
    fetch_uploader(request)
    rows = [
        (weights, registry.METHODS.get(weights.network))
        for weights in Weights.objects.select_related("uploaded_by")
    ]
    methods = registry.METHODS.values()
    return render(
        request, "inference/weights_list.html", {"rows": rows, "methods": methods}
    )


@require_http_methods(["GET", "POST"])
def weights_upload(request: Request) -> HttpResponse:
    user = fetch_uploader(request)
    form = WeightsForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            weights = services.weights_upload(
                file=form.cleaned_data["file"],
                title=form.cleaned_data["title"],
                told=form.told(),
                user=user,
            )
        except services.CardMissingError as refusal:
            form.ask_for_card(str(refusal))
        except Refused as refusal:
            form.add_error("file", told(str(refusal)))
        else:
            messages.success(
                request,
                _("The weights “%(title)s” are ready.") % {"title": weights.title},
            )
            return redirect("inference:weights-card", weights.pk)
    status = 422 if form.is_bound else 200
    return render(
        request, "inference/weights_upload.html", {"form": form}, status=status
    )


@require_GET
def weights_card(request: Request, pk: int) -> HttpResponse:
    """All that is known of a network, and a case to look at."""
    weights = _fetch_weights(request, pk)
    asked = {name: request.GET.get(name, "") for name in ("cohort", "case")}
    context = {
        "page": card_page(weights, request.user),
        "weights": weights,
        "chosen": chosen_case(request.user, cohort=asked["cohort"], code=asked["case"]),
    }
    return render(request, "inference/weights_card.html", context)


@require_GET
@cache_control(private=True, no_store=True)
def weights_preview(
    request: Request, pk: int, cohort_pk: int, code: str
) -> HttpResponse:
    """The part of the card that takes a while: the network at work on one case."""
    weights = _fetch_weights(request, pk)
    cohort = fetch_cohort(request, cohort_pk)
    case = get_object_or_404(cohort.cases, code=code)
    context: dict[str, object] = {"case": case}
    try:
        context["strips"] = preview(weights, case)
    except Refused as refusal:
        context["refusal"] = told(str(refusal))
    return render(request, "inference/_preview.html", context)


@require_POST
def weights_probe(request: Request, pk: int) -> HttpResponse:
    weights = _fetch_weights(request, pk)
    with refusals_told(request):
        services.weights_probe(weights=weights)
    return redirect("inference:weights-card", pk)
