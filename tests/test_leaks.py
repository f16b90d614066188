"""A reader walks every address of the site, and nothing tells them an arm.

The walk takes the routes from the URL resolver, so a new page is included by
itself. Primary keys are lifted to recognisable numbers first.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, fields

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from readerstudy.reading import services
from readerstudy.reading.models import (
    ArmGuess,
    Read,
    Study,
    TrainingRead,
    ViewingCheck,
)
from readerstudy.reading.pages import Presented
from tests.cast import make_user, reader_membership
from tests.factory import TRAINING, make_cohort, make_study

FIRST_KEY = 8_675_300
# pages that the walk must have seen as their reader does, not only their refusals
SEEN = {
    "reading:reader-home",
    "reading:training-next",
    "reading:training-pixels",
    "reading:training-result",
    "reading:read-next",
    "reading:read-pixels",
    "reading:conditions",
    "reading:test-pattern",
    "reading:guess-next",
    "reading:guess-pixels",
}
# words that a page says of every image; that it does, its own tests prove
SAID_OF_ALL = {"reading:guess-next": ('value="reference"', "the reference image")}


@dataclass(frozen=True)
class Walk:
    reader: User
    study: Study
    further: tuple[Study, ...]  # the same reader's, who is asked other things there
    forbidden: dict[str, str]  # string → what it would tell


def routes(
    patterns: list[URLPattern | URLResolver] | None = None, namespace: str = ""
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every named route with the names of its arguments."""
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from routes(entry.url_patterns, inner)
        elif entry.name:
            yield f"{namespace}{entry.name}", tuple(entry.pattern.converters)


def lift_primary_keys() -> None:
    """Make the next keys of our tables numbers that occur nowhere else."""
    tables = [
        model._meta.db_table
        for label in ("cases", "reading", "inference", "stats", "auth")
        for model in apps.get_app_config(label).get_models()
        if model._meta.db_table.split("_")[1] not in ("group", "permission")
    ]
    with connection.cursor() as cursor:
        for table in tables:
            if connection.vendor == "postgresql":
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s)",
                    [FIRST_KEY],
                )
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)",
                    [table, FIRST_KEY],
                )


@pytest.fixture
def walk(db: None) -> Walk:
    lift_primary_keys()
    coordinator = make_user("the-coordinator", coordinator=True)
    reader, colleague = make_user("a-reader"), make_user("colleague-reader")
    cohort = make_cohort("Cohort-Qx", coordinators=[coordinator])
    study = make_study(
        cohort, coordinator=coordinator, readers=[reader, colleague], training=TRAINING
    )
    train(study, colleague)
    train(study, reader)
    asking, guessed = (
        make_study(
            cohort, slug=slug, coordinator=coordinator, readers=[reader], **settings
        )
        for slug, settings in (
            ("asking-study", {"asks_conditions": True}),
            ("guessed-study", {"guesses": "after-grade", "guess_percent": 100}),
        )
    )
    services.check_start(reader=reader_membership(asking, reader))
    grade_one(guessed, reader)
    forbidden = {
        "Cohort-Qx": "the cohort",
        "gaussian": "an arm's method",
        "Arm ": "an arm's title",
        "reference": "an arm's role",
        colleague.username: "another reader",
    }
    for one in (study, asking, guessed):
        forbidden |= {one.seed: "the seed", one.protocol_sha256: "the protocol"}
    for case in cohort.cases.all():
        forbidden |= {case.code: "a case code", case.patient_digest: "a patient"}
        for rendition in case.renditions.all():
            forbidden |= {
                rendition.sha256: "a rendition's hash",
                rendition.values.name: "a file name",
            }
    models = (
        study,
        *Read.objects.all(),
        *cohort.cases.all(),
        *study.arms.all(),
        *study.training.all(),
        *TrainingRead.objects.all(),
        *ViewingCheck.objects.all(),
        *ArmGuess.objects.all(),
    )
    forbidden |= {str(row.pk): "a primary key" for row in models}
    further = (asking, guessed)
    return Walk(reader=reader, study=study, further=further, forbidden=forbidden)


def grade_one(study: Study, user: User) -> None:
    """The first read is answered, and the question after it is open."""
    reader = reader_membership(study, user)
    read = services.read_next(reader=reader).read
    assert read is not None
    grades = {"grade": {"right": 3, "left": 2}}
    services.read_submit(token=read.token, reader=reader, answers=grades, key="key")


def train(study: Study, user: User) -> None:
    """An attempt at the training behind, and one begun."""
    reader = reader_membership(study, user)
    services.attempt_start(reader=reader)
    while read := services.training_next(reader=reader):
        grades = {"grade": {"right": 3, "left": 2}}
        services.training_submit(token=read.token, reader=reader, answers=grades)
    services.attempt_start(reader=reader)
    services.training_next(reader=reader)


def arguments(walk: Walk, name: str) -> list[object]:
    own = list(Read.objects.filter(reader__study=walk.study, reader__user=walk.reader))
    other = Read.objects.exclude(reader__user=walk.reader).first()
    training = TrainingRead.objects.filter(attempt__finished_at=None)
    known = {
        "slug": [one.slug for one in (walk.study, *walk.further)],
        "token": [
            *(read.token for read in (own[0], own[1], other)),
            *(read.token for read in training),
            *(guess.token for guess in ArmGuess.objects.order_by("read__position")[:2]),
            "A" * len(own[0].token),
        ],
    }
    if name in known:
        return known[name]
    typed = {
        "pk": FIRST_KEY + 1,
        "job_pk": FIRST_KEY + 1,
        "code": walk.study.cohort.cases.first().code,
        "role": "short",
        "slice_index": 2,
    }
    assert name in typed, f"teach the leak walk what to put for <{name}>"
    return [typed[name]]


def visits(walk: Walk) -> Iterator[tuple[str, str]]:
    for name, names in routes():
        choices = [arguments(walk, argument) for argument in names]
        for values in itertools.product(*choices):
            yield name, reverse(name, kwargs=dict(zip(names, values, strict=True)))
    for path in ("/nonsense/", "/admin/", f"/media/{FIRST_KEY}.npy", "/static/none"):
        yield "no route", path


def test_no_page_tells_a_reader_anything(walk: Walk) -> None:
    client = Client(raise_request_exception=False)
    seen = set()
    for name, path in visits(walk):
        for method, htmx in itertools.product(("get", "post", "head"), (False, True)):
            client.force_login(walk.reader)
            headers = {"HX-Request": "true"} if htmx else {}
            response = getattr(client, method)(path, headers=headers)
            body = b"".join(response) if response.streaming else response.content
            # the address itself is what we typed, not what the page told
            said = body.decode("latin-1").replace(path, "")
            said += repr(sorted(response.headers.items())).replace(path, "")
            for words in SAID_OF_ALL.get(name, ()):
                said = said.replace(words, "")
            told = {why for word, why in walk.forbidden.items() if word in said}
            assert not told, f"{method.upper()} {name} ({path}) tells {told}"
            assert response.status_code < 500, f"{name} breaks: {path}"
            if response.status_code == 200:
                seen.add(name)
    assert seen >= SEEN


def test_the_training_key_comes_with_grades_and_nothing_else(walk: Walk) -> None:
    client = Client()
    client.force_login(walk.reader)
    read = services.training_next(reader=reader_membership(walk.study, walk.reader))
    told = client.post(
        reverse("reading:training-submit", kwargs={"slug": walk.study.slug}),
        {"token": read.token, "grade-right": 1, "grade-left": 4},
    )
    assert set(told.json()) == {"state", "given", "key", "next"}
    presented = {field.name for field in fields(Presented)}
    assert set(told.json()["next"]) == {"state"} | presented
    said = told.content.decode() + repr(sorted(told.headers.items()))
    assert not {why for word, why in walk.forbidden.items() if word in said}


def test_the_walk_would_see_a_leak(walk: Walk) -> None:
    """The same strings, on a page that shows them, are found."""
    client = Client()
    client.force_login(User.objects.get(username="the-coordinator"))
    page = client.get(reverse("reading:study-detail", kwargs={"slug": walk.study.slug}))
    said = page.content.decode()
    assert "the protocol" in {
        why for word, why in walk.forbidden.items() if word in said
    }


def test_reading_pages_are_never_cached(walk: Walk) -> None:
    client = Client()
    client.force_login(walk.reader)
    page = client.get(reverse("reading:read-next", kwargs={"slug": walk.study.slug}))
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    for header in ("ETag", "Last-Modified", "Content-Disposition"):
        assert header not in page
