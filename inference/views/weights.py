"""Pages on which coordinators look after weights."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from inference import registry, services
from inference.forms import WeightsForm
from inference.models import Weights
from readerstudy.cases.wording import told
from readerstudy.imaging.errors import Refused

from .fetching import Request, fetch_uploader


@require_GET
def weights_list(request: Request) -> HttpResponse:
    fetch_uploader(request)
    return render(
        request,
        "inference/weights_list.html",
        {
            "weights": Weights.objects.select_related("uploaded_by"),
            "methods": registry.METHODS.values(),
        },
    )


@require_http_methods(["GET", "POST"])
def weights_upload(request: Request) -> HttpResponse:
    user = fetch_uploader(request)
    form = WeightsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            weights = services.weights_upload(
                file=form.cleaned_data["file"],
                title=form.cleaned_data["title"],
                user=user,
            )
        except Refused as refusal:
            form.add_error("file", told(str(refusal)))
        else:
            messages.success(
                request, _("The weights “%(title)s” are ready.") % {"title": weights}
            )
            return redirect("inference:weights-list")
    status = 422 if form.is_bound else 200
    return render(
        request, "inference/weights_upload.html", {"form": form}, status=status
    )
