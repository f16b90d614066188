"""A reader walks every address of the site, and nothing tells them an arm.

The walk takes the routes from the URL resolver, so a new page is included by
itself. Primary keys are lifted to recognisable numbers first.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from drf_spectacular.generators import SchemaGenerator

from readerstudy.reading import services
from readerstudy.reading.models import ArmGuess, Read, Study, TrainingRead
from readerstudy.reading.pages.room import Presented
from tests.cast import make_user, reader_membership
from tests.eventful import CODE, REASON, let_everything_happen, make_whole
from tests.factory import METHODS, TRAINING, make_cohort, make_study, unblind
from tests.watching import (
    FIRST_KEY,
    Forbidden,
    Watched,
    forbidden_in,
    lift_primary_keys,
)

# pages that the walk must have seen as their reader does, not only their refusals
SEEN = {
    "reading:reader-home",
    "reading:training-next",
    "reading:training-pixels",
    "reading:training-result",
    "reading:read-next",
    "reading:read-pixels",
    "reading:read-changes",
    "reading:reading-pause",
    "reading:conditions",
    "reading:test-pattern",
    "reading:guess-next",
    "reading:guess-pixels",
    "reading:atlas-show",
    "reading:atlas-pixels",
    "reading-api:readings",
    "reading-api:reading",
    "reading-api:asked",
    "reading-api:read-next",
    "reading-api:read-pixels",
    "reading-api:answers",
    "reading-api:conditions",
    "reading-api:test-pattern",
    "reading-api:guess",
    "reading-api:guess-pixels",
    "reading-api:training-pixels",
    "reading-api:training-result",
    "reading-api:atlas",
    "reading-api:atlas-pixels",
}


@dataclass(frozen=True)
class Walk:
    reader: User
    study: Study
    further: tuple[Study, ...]  # the same reader's, who is asked other things there
    forbidden: Forbidden


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


def is_for_programs(name: str) -> bool:
    """Whether a route lies under /api/v1/: its namespace says so."""
    return name.partition(":")[0].endswith("api")


@pytest.fixture
def walk(db: None) -> Walk:
    lift_primary_keys()
    coordinator = make_user("the-coordinator", coordinator=True)
    reader, colleague = make_user("a-reader"), make_user("colleague-reader")
    methods = (*METHODS, "unet-l4")
    cohort = make_cohort(
        "Cohort-Qx", coordinators=[coordinator], methods=methods, code=CODE
    )
    study = make_study(
        cohort,
        coordinator=coordinator,
        readers=[reader, colleague],
        training=[replace(image, case=CODE.format(1)) for image in TRAINING],
    )
    train(study, colleague)
    train(study, reader)
    asking, guessed, ended = (
        make_study(
            cohort, slug=slug, coordinator=coordinator, readers=[reader], **settings
        )
        for slug, settings in (
            ("asking-study", {"asks_conditions": True}),
            ("guessed-study", {"guesses": "after-grade", "guess_percent": 100}),
            ("ended-study", {}),
        )
    )
    services.check_start(reader=reader_membership(asking, reader))
    grade_one(guessed, reader)
    grade_one(ended, reader)
    unblind(ended)
    whole = make_whole(
        cohort,
        slug="whole-study",
        coordinator=coordinator,
        readers=[reader],
        methods=methods,
        primary_arm="unet-l4",
        control_arm="gaussian",
        trained_on=(CODE.format(1), CODE.format(4)),
    )
    let_everything_happen(whole, reader_membership(whole, reader), coordinator)
    further = (asking, guessed, ended, whole)
    forbidden = forbidden_in((study, *further), reader)
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
        "cohort_pk": FIRST_KEY + 1,
        "job_pk": FIRST_KEY + 1,
        "training_pk": FIRST_KEY + 1,
        "run_pk": FIRST_KEY + 1,
        "sweep_pk": FIRST_KEY + 1,
        "code": walk.study.cohort.cases.first().code,
        "role": "short",
        "method": "short",
        "reference": 1,
        "short": 2,
        "slice_index": 2,
        "study_uid": "1.2.3",
        "provider_id": "sso",
        "app_label": "auth",
        "object_id": FIRST_KEY + 1,
        "id": FIRST_KEY + 1,
        "number": 1,
        "index": 0,
        "name": "kappa",
        "lut": "grey",
        "form": "svg",
        "arm": "short",
        "case": walk.study.cohort.cases.first().code,
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
    client = Watched(walk.reader, walk.forbidden)
    for name, path in visits(walk):
        for ask in (client.get, client.head, client.post):
            client.stay_logged_in()
            ask(path)
        if not is_for_programs(name):  # these have no fragments of pages
            client.get(path, headers={"HX-Request": "true"})
    assert client.shown >= SEEN


def test_the_description_of_the_doors_for_programs_knows_no_study(
    db: None, django_assert_num_queries
) -> None:
    with django_assert_num_queries(0):
        assert SchemaGenerator().get_schema(request=None, public=True)["paths"]


def test_whatever_can_be_stored_is_there_to_be_leaked(walk: Walk) -> None:
    for model in apps.get_app_config("reading").get_models():
        assert model.objects.exists(), f"let the walk's studies have a {model.__name__}"


def test_what_happened_in_the_walks_studies_is_forbidden(walk: Walk) -> None:
    whole = walk.further[-1]
    said = {
        REASON,  # of amendments, code-breaks and waivers
        whole.amendments.get().protocol_sha256,
        whole.primary_arm,
        whole.control_arm,
        *whole.training.values_list("case__code", flat=True),
        *whole.arms.exclude(code="short").values_list("title", flat=True),
        *whole.memberships.exclude(role="reader").values_list(
            "user__username", flat=True
        ),
    }
    assert said <= set(walk.forbidden)


def test_the_training_key_comes_with_grades_and_nothing_else(walk: Walk) -> None:
    client = Watched(walk.reader, walk.forbidden)
    read = services.training_next(reader=reader_membership(walk.study, walk.reader))
    told = client.post(
        reverse("reading:training-submit", kwargs={"slug": walk.study.slug}),
        {"token": read.token, "grade-right": 1, "grade-left": 4},
    )
    assert set(told.json()) == {"state", "given", "key", "next"}
    presented = {field.name for field in fields(Presented)}
    assert set(told.json()["next"]) == {"state"} | presented


def test_the_walk_would_see_a_leak(walk: Walk) -> None:
    """The same strings, on a page that shows them, are found."""
    coordinator = User.objects.get(username="the-coordinator")
    client = Watched(coordinator, walk.forbidden)
    with pytest.raises(AssertionError, match=r"tells .*the protocol"):
        client.get(reverse("reading:study-detail", args=[walk.study.slug]))
    key = walk.study.arms.values_list("pk", flat=True)[0]
    (told,) = client.told(HttpResponse(f"images/{key}"), "", "/")
    assert told.startswith("the key of a")
    assert client.told(HttpResponse("images"), "", "/") == set()


def test_reading_pages_are_never_cached(walk: Walk) -> None:
    client = Client()
    client.force_login(walk.reader)
    page = client.get(reverse("reading:read-next", kwargs={"slug": walk.study.slug}))
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    for header in ("ETag", "Last-Modified", "Content-Disposition"):
        assert header not in page
