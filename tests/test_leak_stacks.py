"""A reader reads whole stacks, and pairs of them, to the end, and is told nothing.

As tests/test_leak_journey.py does for three slices: every answer of the server is
searched for what would name an arm, a case or a patient.
"""

import json
import re

import numpy as np
import pytest
from django.http import HttpResponse
from django.urls import reverse

from readerstudy.reading.models import Membership, Read
from readerstudy.reading.services import read_next
from tests.cast import make_user, reader_membership
from tests.eventful import CODE
from tests.factory import STACK, make_stack_cohort
from tests.stacks import People, make_stack_study
from tests.watching import Watched, forbidden_in, lift_primary_keys

SMALL = (4, 90, 70)
MARKS = json.dumps([{"slice": 1, "row": 2, "column": 3}])
ANSWERS = {
    "image-quality": {
        "noise-image": 4,
        "sharpness-image": "none",
        "why-sharpness-image": "motion",
        "artefacts-image": 1,
        "acceptability-image": 2,
        "text:remark-image": "A ring.",
    },
    "anatomical-fidelity": {"fidelity-image": 3, "marks:fidelity-image": MARKS},
    "finding-confidence": {"confidence-image": 75},
    "forced-choice": {"preference-image": 1},
}
PLACES = ("reader-home", "start")
PAGES = ("read-next", "read-changes", "reading-pause", "atlas-show")


@pytest.fixture
def people(db: None) -> People:
    lift_primary_keys()
    coordinator = make_user("the-coordinator", coordinator=True)
    return People(coordinator, make_user("a-reader"))


def address(name: str, *args: str) -> str:
    return reverse(f"reading:{name}", args=args)


def look_around(browser: Watched, slug: str) -> None:
    for name in PLACES:
        browser.get(address(name))
    for name in PAGES:
        browser.get(address(name, slug))
    browser.get(address("lut-show", "grey"))


def step(browser: Watched, read: Read, answer: dict[str, object], key: str):
    """See a read and answer it: its pixels' answer and the answer's."""
    slug = read.reader.study.slug
    page = browser.get(address("read-next", slug))
    assert read.token in page.content.decode()
    pixels = browser.get(address("read-pixels", slug, read.token))
    posted = {**answer, "token": read.token, "key": key}
    return page, pixels, browser.post(address("read-submit", slug), posted)


def masked(page: HttpResponse, token: str) -> str:
    """All that a page says but for tokens and “n of N”."""
    said = page.content.decode().replace(token, "")
    for changing in (
        'data-next="[^"]*"',
        'csrfmiddlewaretoken" value="[^"]*"',
        'id="number">[0-9]+<',
    ):
        said, times = re.subn(changing, "", said)
        assert times, changing
    return said


def due(reader: Membership) -> Read | None:
    return read_next(reader=reader).read


@pytest.mark.parametrize("asked", ANSWERS)
def test_a_reader_of_stacks_is_told_nothing(people: People, asked: str) -> None:
    cohort = make_stack_cohort(
        "Cohort-Qx",
        coordinators=[people.coordinator],
        shapes=(STACK, SMALL),
        code=CODE,
    )
    study = make_stack_study(people, cohort=cohort, question_set=asked)
    reader = reader_membership(study, people.reader)
    browser = Watched(people.reader, forbidden_in([study], people.reader))
    look_around(browser, study.slug)
    sizes, headers, lengths = set(), set(), set()
    number = 0
    while read := due(reader):
        number += 1
        page, pixels, told = step(browser, read, ANSWERS[asked], f"key-{number}")
        browser.forbidden = forbidden_in([study], people.reader)
        sizes.add(len(pixels.content))
        headers.add(tuple(sorted(pixels.headers.items())))
        said = page.content.decode().replace(read.token, "")
        lengths.add(len(re.sub('data-next="[^"]*"', "", said)))  # the last has none
        assert told.status_code == 200
        if number == 2:
            again = browser.post(address("read-undo", study.slug)).json()["again"]
            assert again["grades"]
            step(browser, due(reader), ANSWERS[asked], "once more")
            look_around(browser, study.slug)
    browser.post(address("session-finish", study.slug))
    look_around(browser, study.slug)
    images = 2 if asked == "forced-choice" else 1
    assert sizes == {2 * np.prod(STACK) * images}
    assert len(headers) == 1
    # “9 of 12” has a digit less than “10 of 12”, in two places
    assert max(lengths) - min(lengths) <= 4, "pages differ from read to read"
    assert number == reader.reads.count()


def test_the_order_of_a_pair_is_in_no_answer(people: People) -> None:
    """Left and right are arms: but for their pixels nothing follows them."""
    cohort = make_stack_cohort(coordinators=[people.coordinator], code=CODE)
    study = make_stack_study(people, cohort=cohort, question_set="forced-choice")
    reader = reader_membership(study, people.reader)
    browser = Watched(people.reader, forbidden_in([study], people.reader))
    told = {}
    while read := due(reader):
        answer = ANSWERS["forced-choice"]
        page, pixels, said = step(browser, read, answer, f"key-{read.position}")
        reply = said.json()
        if read.position > reader.reads.count() - 2:  # none follows it, or the next
            continue
        order = (read.arm.code, read.second_arm.code)
        headers = tuple(sorted(pixels.headers.items()))
        shape = tuple((name, type(value)) for name, value in reply.items())
        told.setdefault(order, set()).add((masked(page, read.token), headers, shape))
    assert len(told) >= 4, "hardly any order was drawn"
    assert len({frozenset(codes) for codes in told}) == 3
    assert len(set.union(*told.values())) == 1, "what is told follows the order"
