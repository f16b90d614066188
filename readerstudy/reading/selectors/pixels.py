"""The read that is before a reader, and its pixels. No arms."""

from contextlib import suppress
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q, QuerySet, SlugField

from readerstudy.cases.models import Rendition

from ..images import (
    ImageUnusableError,
    image_pixels,
    rendition_pixels,
    stack_image_pixels,
)
from ..models import Membership, Read, Reopening, Study
from ..models.compiled import Columns, Compiled, Slot

RENDITION = Columns(Rendition, ("id", "values", "sha256"))


def shown_read(*, slug: str, token: str, user: User) -> Read:
    """The read that is before `user` now, or the one after it in a begun session.

    Read.DoesNotExist for any other token. Reads come in the order of the plan, so an
    unanswered one comes next if the one before it was shown.
    """
    before = Read.objects.filter(
        reader=OuterRef("reader"),
        position=OuterRef("position") - 1,
        first_shown_at__isnull=False,
    )
    opened_again = Reopening.objects.filter(
        read=OuterRef("pk"), answered_at__isnull=True, first_shown_at__isnull=False
    )
    return (
        Read.objects.select_related("arm", "second_arm", "case", "reader__study")
        .defer("reader__study__protocol")
        .filter(
            Q(submitted_at__isnull=True, first_shown_at__isnull=False)
            | Q(Exists(before), submitted_at__isnull=True)
            | Q(Exists(opened_again), submitted_at__isnull=False)
        )
        .get(
            token=token,
            session__started_at__isnull=False,
            reader__user=user,
            reader__role=Membership.Role.READER,
            reader__study__slug=slug,
            reader__study__state=Study.State.OPEN,
        )
    )


def read_pixels(read: Read) -> bytes:
    """The image of a read, or both of a pair, the left one of the screen first.

    Raises ImageUnusableError as image_pixels does.
    """
    reader, study = read.reader, read.reader.study
    name = f"read {read.position} of reader {reader.code} in study {study.slug}"
    if not study.frame:
        return image_pixels(
            case=read.case,
            method=read.arm.method,
            sha256=read.image_sha256,
            window=study.window_rule,
            name=name,
        )
    assert study.value_low is not None and study.value_high is not None
    images = [(read.arm, read.image_sha256)]
    if read.second_arm:
        images.append((read.second_arm, read.second_sha256))
    return b"".join(
        stack_image_pixels(
            case=read.case,
            method=arm.method,
            sha256=sha256,
            shown=(study.value_low, study.value_high),
            frame=study.frame,
            name=name,
        )
        for arm, sha256 in images
    )


@Compiled
def _rendition_ahead() -> QuerySet[Any, Any]:
    return (
        Rendition.objects.filter(
            case__reads__token=Slot("token", SlugField()),
            method=F("case__reads__arm__method"),
        )
        .order_by()
        .values_list(
            *RENDITION.paths,
            "case__reads__image_sha256",
            "case__reads__reader__study__window_rule",
            "case__reads__reader__study__frame",
        )
    )


def pixels_ahead(token: str) -> bytes | None:
    """As read_pixels, in one statement, for a read that services.conduct has named.

    None for whole stacks: they are too long to come with an answer.
    Asks for nobody's right to see them: the token must come from there.
    """
    for *rendition, pinned, window, frame in _rendition_ahead.rows(token=token):
        if frame:
            return None
        with suppress(ImageUnusableError):
            return rendition_pixels(
                RENDITION.instance(rendition), sha256=pinned, window=window
            )
    reads = Read.objects.select_related("case", "arm", "second_arm", "reader__study")
    read = reads.get(token=token)
    if read.reader.study.frame:
        return None
    return read_pixels(read)  # tells which image it is
