"""A write that came with an Idempotency-Key is carried out once.

As a rule act and answer are one transaction: either both are there or neither, also
if the process is killed in between, and whoever sends the same meanwhile waits. An act
that takes long would hold others up; it is claimed first, and answered afterwards.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.imaging.errors import Refused

from .models import AnsweredRequest
from .problems import Conflict, Unprocessable

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT = timedelta(days=7)
# Answers that say no. Nothing was done, so the same key may be tried again.
NO = (APIException, Refused, Http404, PermissionDenied)
Handler = Callable[[], Response]


def key_of(request: Request) -> str | None:
    key: str | None = request.headers.get(HEADER)
    if key is not None and not (0 < len(key) <= 255 and key.isascii()):
        words = _("Give one to 255 characters of ASCII.")
        raise ValidationError({HEADER: words})
    return key


def answer_once(
    handler: Handler, *, request: Request, key: str, takes_long: bool
) -> Response:
    """What `handler` answers, or what it answered when this was sent before."""
    fingerprint = fingerprint_of(request)
    no: Exception | None = None
    with nullcontext() if takes_long else transaction.atomic():
        _wait_for_nobody(request.user.pk, key)
        row, is_new = _claim(request.user, key, fingerprint)
        if not is_new:
            return _answer_again(row, fingerprint)
        try:
            response = handler()
        except NO as refusal:  # what the act has kept of it stays
            row.delete()
            no = refusal
        except Exception:
            if takes_long:
                row.delete()
            raise
        else:
            _keep(row, response)
    if no is not None:
        raise no
    return response


def _wait_for_nobody(user_pk: int, key: str) -> None:
    """On PostgreSQL the first one's row is not seen until it is done; its lock is."""
    if connection.vendor != "postgresql" or not connection.in_atomic_block:
        return
    digest = hashlib.sha256(f"idempotency {user_pk} {key}".encode()).digest()
    number = int.from_bytes(digest[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise _still_running()


def _claim(user: Any, key: str, fingerprint: str) -> tuple[AnsweredRequest, bool]:
    mine = AnsweredRequest.objects.filter(user=user)
    _too_old(mine).delete()
    return mine.get_or_create(
        key=key, defaults={"user": user, "fingerprint": fingerprint}
    )


def answers_forget() -> None:
    """Of people who have not come back since."""
    _too_old(AnsweredRequest.objects.all()).delete()


def _too_old(
    answered: QuerySet[AnsweredRequest],
) -> QuerySet[AnsweredRequest]:
    return answered.filter(created_at__lt=timezone.now() - KEPT)


def _answer_again(row: AnsweredRequest, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        raise Unprocessable(_("This key was used for another request already."))
    if row.status is None:
        raise _still_running()
    return Response(row.body, status=row.status, headers={REPLAYED: "true"})


def _still_running() -> Conflict:
    return Conflict(
        _(
            "The first request with this key is still being carried out, or was cut "
            "off. Look whether it is done before you ask with another key."
        )
    )


def _keep(row: AnsweredRequest, response: Any) -> None:
    if not isinstance(response, Response) or not 200 <= response.status_code < 300:
        row.delete()
        return
    row.status = response.status_code
    row.body = json.loads(JSONRenderer().render(response.data) or "null")
    row.save(update_fields=["status", "body"])


def fingerprint_of(request: Request) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(request):
        digest.update(hashlib.sha256(piece).digest())
    return digest.hexdigest()


def _pieces(request: Request) -> Iterator[bytes]:
    plain = request._request
    yield plain.method.encode()
    yield plain.get_full_path().encode()
    kind = plain.content_type or ""
    yield kind.encode()
    if kind != "multipart/form-data":
        yield plain.body
        return
    # the boundary between the parts is another one each time
    for name, values in sorted(request.data.lists()):
        for value in values:
            yield name.encode()
            yield _content(value)


def _content(value: Any) -> bytes:
    if not hasattr(value, "chunks"):
        return str(value).encode()
    digest = hashlib.sha256(str(value.name).encode())
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return digest.digest()
