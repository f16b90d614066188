"""tus for the browser's script; GET, which is not of it, is for a person."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from ..transfers import tus
from .access import HttpRequest


@login_not_required  # tus asks for it, to answer a script
def file_create(request: HttpRequest) -> HttpResponseBase:
    """Creation: the answer says where the bytes go."""

    def act(user: User) -> HttpResponseBase:
        if request.method != "POST":
            return tus.answer(HTTPStatus.METHOD_NOT_ALLOWED, Allow="OPTIONS, POST")
        file = tus.file_begin(request, user)
        return tus.created(file, address=reverse("cases:file-send", args=[file.token]))

    return tus.answered(request, act)


@login_not_required
def file_send(request: HttpRequest, token: str) -> HttpResponseBase:
    """One file on its way. GET leads a person to the page of its upload."""

    def act(user: User) -> HttpResponseBase:
        file = tus.file_or_404(user, token)
        if request.method != "GET":
            return tus.file_answer(request, file)
        tus.refuse_expired(file)
        return redirect("cases:cohort-confirm", file.upload_id)

    return tus.answered(request, act)
