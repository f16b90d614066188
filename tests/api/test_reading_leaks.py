"""A reader's own program is told no more than the reader's screen, to the byte.

A whole study is read by token, with everything that can happen in one; each answer is
searched for what no reader may learn, and held to what the pages' JSON tells.
"""

import json
from base64 import b64decode
from dataclasses import fields

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from readerstudy.reading import services
from readerstudy.reading.api import reader_serializers
from readerstudy.reading.api.urls import urlpatterns
from readerstudy.reading.models import ArmGuess, Read, Study
from readerstudy.reading.pages.room import Presented
from tests.api.playing import GRADES, PIXELS, Loop
from tests.cast import make_user, reader_membership
from tests.eventful import CODE, OWN_REASON, REASON, amend, make_watched
from tests.factory import make_cohort, make_study, unblind
from tests.watching import lift_primary_keys

TOLD = {"state", "pixels"} | {field.name for field in fields(Presented)}


@pytest.fixture
def whole(db: None) -> Loop:
    """The reader of a study that asks for everything, and lets answers be changed."""
    lift_primary_keys()
    coordinator = make_user("the-coordinator", coordinator=True)
    user = make_user("a-reader")
    study = make_watched(coordinator, user)
    return Loop(study, user)


def change_answers(loop: Loop) -> None:
    """Take the last answer back, and open an earlier one with a reason."""
    reader = reader_membership(loop.study, loop.user)
    reads = reader.reads.order_by("position")
    free = reads.filter(arm_guess=None)[1]
    ArmGuess.objects.filter(read=reads[0]).update(read=free)  # its grade is not locked
    first = loop.next()
    loop.submit(first["token"], comment="The head is turned.")
    undone = loop._due(loop.post("read-undo"))
    assert undone["token"] not in (first["token"], undone["next"])
    assert undone["again"]["comment"] == "The head is turned."
    loop.submit(undone["token"])
    place = {"session": 1, "number": 1, "reason": OWN_REASON}
    assert loop.post("read-revisit", place).status_code == 204
    again = loop.next()
    assert OWN_REASON in again["again"]["reason"]
    loop.submit(again["token"])


def let_the_coordinator_act(study: Study) -> None:
    coordinator = User.objects.get(username="the-coordinator")
    act = {"study": study, "by": coordinator, "reader": "A", "reason": REASON}
    services.read_reopen(**act, session=1, number=1)
    services.code_break(**act, session=1, number=1)
    services.washout_waive(**act, session=2)
    amend(study, coordinator)


def readers_routes() -> set[str]:
    own = ("reading/", "preferences/", "lut/")
    return {
        f"reading-api:{path.name}"
        for path in urlpatterns
        if str(path.pattern).startswith(own)
    }


def test_a_reader_who_reads_everything_by_token_is_told_nothing(whole: Loop) -> None:
    whole.look_around()
    assert whole.next()["state"] == "training"
    whole.train()
    assert whole.next()["state"] == "conditions"
    whole.tell_conditions(sees=False)
    whole.tell_conditions()
    change_answers(whole)
    assert whole.read_on() == "pause"  # the washout
    let_the_coordinator_act(whole.study)
    whole.look_around()
    assert whole.read_on() == "conditions"
    whole.tell_conditions()
    assert whole.read_on() == "finished"
    whole.look_around()
    reads = Read.objects.filter(reader__user=whole.user)
    assert not reads.filter(submitted_at=None).exists()
    unblind(whole.study)
    assert whole.next() == {"state": "closed"}
    whole.look_around()
    assert whole.program.carried, "no answer brought the pixels of the read after it"
    missed = readers_routes() - whole.program.shown - whole.program.taken
    assert not missed, f"lead the reader past {missed}"


def test_every_answer_has_the_same_fields_and_headers(whole: Loop) -> None:
    whole.train()
    whole.next()
    whole.tell_conditions()
    whole.read_on()
    reads = [told for told in whole.told if told["state"] == "read"]
    assert {frozenset(told) for told in reads} == {frozenset(TOLD)}
    assert {len(told["token"]) for told in reads} == {22}
    lengths = {len(told["pixels"]) for told in reads if told["next"]}
    assert lengths <= {len(b64encoded(PIXELS))}
    assert {len(image.content) for image in whole.images} == {PIXELS}
    headers = {json.dumps(sorted(image.headers.items())) for image in whole.images}
    assert len(headers) == 1, headers
    for name in ("ETag", "Last-Modified", "Content-Disposition"):
        assert name not in whole.images[0]
    assert whole.images[0]["Cache-Control"] == "no-store"


def test_how_long_an_answer_is_tells_only_where_one_is(loop: Loop) -> None:
    """n of N, and whether a read follows in the session: nothing of the image."""
    assert loop.read_on() == "finished"
    lengths: dict[tuple[int, bool, bool], set[int]] = {}
    headers: dict[str, set[str]] = {}
    for told, said in zip(loop.told, loop.said, strict=True):
        if told["state"] == "read":
            place = (len(str(told["number"])), bool(told["next"]), bool(told["pixels"]))
            lengths.setdefault(place, set()).add(len(said.content))
            named = {n: v for n, v in said.headers.items() if n != "Content-Length"}
            found = headers.setdefault(said.request["PATH_INFO"], set())
            found.add(json.dumps(sorted(named.items())))
    arms = set(Read.objects.filter(reader__user=loop.user).values_list("arm__code"))
    assert len(arms) == 3
    assert {len(found) for found in (*lengths.values(), *headers.values())} == {1}


def b64encoded(size: int) -> str:
    return "A" * (4 * -(-size // 3))


@pytest.fixture
def loop(db: None) -> Loop:
    """The reader of a plain study."""
    lift_primary_keys()
    coordinator = make_user("the-coordinator", coordinator=True)
    readers = [make_user("a-reader"), make_user("colleague-reader")]
    cohort = make_cohort("Cohort-Qx", coordinators=[coordinator], code=CODE)
    study = make_study(cohort, coordinator=coordinator, readers=readers)
    return Loop(study, readers[0])


def by_page(loop: Loop) -> Client:
    client = Client()
    client.force_login(loop.user)
    return client


def test_a_program_is_told_what_the_screen_is_told(loop: Loop) -> None:
    """The same answer sent by both ways: only the pages' next address is missing."""
    token = loop.next()["token"]
    by_program = loop.submit(token, key="the-same")
    form = {"token": token, "key": "the-same", "grade-right": 3, "grade-left": 2}
    address = reverse("reading:read-submit", args=[loop.study.slug])
    said = by_page(loop).post(address, form)
    screen = said.json()
    assert screen.pop("href")
    assert by_program == screen


def test_a_program_gets_the_bytes_that_the_screen_gets(loop: Loop) -> None:
    due = loop.next()
    address = reverse("reading:read-pixels", args=[loop.study.slug, due["token"]])
    by_screen = by_page(loop).get(address)
    assert loop.pixels(due["token"]) == by_screen.content
    ahead = loop.submit(due["token"])
    assert b64decode(ahead["pixels"]) == loop.pixels(ahead["next"])


def test_no_image_comes_but_the_one_before_the_reader_and_the_next(loop: Loop) -> None:
    loop.next()
    tokens = list(
        Read.objects.filter(reader__user=loop.user)
        .order_by("position")
        .values_list("token", flat=True)
    )
    assert [loop.get("read-pixels", token).status_code for token in tokens[:4]] == [
        *(200, 200),
        *(404, 404),
    ]
    other = Read.objects.exclude(reader__user=loop.user).first()
    services.read_next(reader=other.reader)
    assert loop.get("read-pixels", other.token).status_code == 404


def test_an_answered_image_does_not_come_again(loop: Loop) -> None:
    token = loop.next()["token"]
    loop.submit(token)
    assert loop.get("read-pixels", token).status_code == 404


def test_an_image_that_cannot_be_shown_tells_neither_arm_nor_case(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    token = loop.next()["token"]
    Read.objects.filter(token=token).update(image_sha256="0" * 64)
    said = loop.get("read-pixels", token)
    assert said.status_code == 409
    assert "Tell the coordinator" in said.json()["detail"]
    read = Read.objects.get(token=token)
    ours = [r for r in caplog.records if r.name == "readerstudy.reading.pages.due"]
    assert ours
    for secret in (read.arm.title, read.arm.method, read.case.code):
        assert secret not in caplog.text


def test_what_is_due_is_described_without_a_field_more(loop: Loop) -> None:
    """The description is what other people's programs are written from."""
    described = set(reader_serializers.DueSerializer().fields)
    assert described == TOLD


def test_an_answer_that_says_no_names_nothing(loop: Loop) -> None:
    token = loop.next()["token"]
    given = {"token": token, "answers": {"grade": {"right": 9, "left": 1}}, "key": "k"}
    assert loop.post("answers", given).status_code == 409
    given = {"token": "A" * 22, "answers": GRADES, "key": "k"}
    said = loop.post("answers", given)
    assert said.status_code == 404
    assert said.json()["detail"] == "This read is no longer before you."
