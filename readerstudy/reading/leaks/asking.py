"""Play a study and judge it: what the command and the tests both do."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from readerstudy.imaging.errors import Refused

from ..models import ArmGuess, Read, Study
from ..plans import plan_drawn, plan_stored
from ..protocol.frozen import study_readers
from .judging import Judgement, judge
from .playing import Seen, Transport, observe


def log_in(user: User) -> Transport:
    """A client that talks to this very program, as `user`'s browser would."""
    from django.test import Client

    host = next(
        (h.lstrip(".") for h in settings.ALLOWED_HOSTS if h != "*"), "localhost"
    )
    client = Client(headers={"host": host})
    if settings.SECURE_SSL_REDIRECT:
        client.defaults["wsgi.url_scheme"] = "https"
    client.force_login(user)
    return client


def study_observe(
    study: Study,
    *,
    client_of: Callable[[User], Transport] = log_in,
    **options: Any,
) -> list[Seen]:
    """Read the whole study and answer it: for studies that nobody minds only."""
    seen = observe(
        slug=study.slug,
        address=reverse("reading:read-next", args=[study.slug]),
        readers={r.code: client_of(r.user) for r in study_readers(study)},
        asked_about=_asked_about,
        **options,
    )
    planned = Read.objects.filter(reader__study=study).count()
    if len(seen) != planned:
        raise Refused(f"Of {planned} reads only {len(seen)} were shown.")
    return seen


def _asked_about(token: str) -> int:
    return ArmGuess.objects.get(token=token).read.position


def study_judge(study: Study, seen: list[Seen], **options: Any) -> Judgement:
    """Hold what was seen to the study's stored plan."""
    protocol = study.protocol
    assert protocol is not None, "a draft has no plan"
    return judge(
        seen,
        plan_stored(study),
        redraw=lambda seed: plan_drawn(protocol, seed),
        **options,
    )
