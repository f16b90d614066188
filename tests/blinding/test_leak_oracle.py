"""The leak oracle finds nothing in a real study, and everything that was planted.

Each plant is a mistake that a web program makes easily. The judge is told nothing
of it: the same code looks at the honest and at the leaking study.
"""

import hashlib
import json
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.test import Client
from PIL import Image

from readerstudy.blinding.schedule import PlannedRead
from readerstudy.blinding.tokens import new_token
from readerstudy.cases import services as cases
from readerstudy.imaging.preprocessing import CROP, SHOWN_SLICES
from readerstudy.reading.leaks.asking import study_observe
from readerstudy.reading.leaks.judging import Judgement, area, judge
from readerstudy.reading.leaks.judging import _inverse as inverse
from readerstudy.reading.leaks.playing import Seen
from readerstudy.reading.models import Arm, ArmGuess, Read, Study
from readerstudy.reading.plans import Plan, plan_drawn, plan_stored
from tests.cast import make_user
from tests.factory import make_cohort, make_study, stack

METHODS = ("reference", "short", "gaussian", "unet-l4")
NOISE = (0.02, 0.3, 0.1, 0.05)  # of each method's images, of their maximum
CASES = 12
DRAWS = 199
PIXELS = "application/octet-stream"
# what is planted lies above the database: to look on one is enough
planted = pytest.mark.sqlite

ClientOf = Callable[[User], Client]
Play = tuple[list[Seen], Plan]


def make_readable() -> Study:
    """12 cases in 4 arms, two readers, two sessions: 96 reads, 24 questions."""
    coordinator = make_user("coordinator", coordinator=True)
    readers = [make_user(f"reader-{number}") for number in (1, 2)]
    cohort = make_cohort(
        cases_wanted=CASES, coordinators=[coordinator], methods=METHODS
    )
    for number, case in enumerate(cohort.cases.all()):
        for method, noise in zip(METHODS, NOISE, strict=True):
            cases.rendition_save(
                case=case,
                method=method,
                values=stack(seed=number, noise=noise),
                provenance={},
            )
    return make_study(
        cohort,
        coordinator=coordinator,
        readers=readers,
        methods=METHODS,
        repeated="",
        guesses=Study.Guesses.AFTER_GRADE,
        guess_percent=25,
    )


def play(
    change: Callable[[Study], None] = lambda study: None, **options: object
) -> Play:
    """Read a new study, changed, to its end through HTTP; nothing of it stays."""
    with transaction.atomic():
        study = make_readable()
        change(study)
        seen = study_observe(study, **options)
        assert len(seen) == Read.objects.filter(reader__study=study).count() == 96
        asked = sum(one.values["order/asked"] for one in seen)
        assert asked == ArmGuess.objects.filter(guessed_at__isnull=False).count() > 0
        plan = plan_stored(study)
        transaction.set_rollback(True)
    return seen, plan


@pytest.fixture(scope="module")
def honest(django_db_setup: None, django_db_blocker) -> Iterator[Play]:
    """A study as it is, played once for all tests that only look at it."""
    with django_db_blocker.unblock():
        yield play()


@cache
def drawn(seed: str) -> Plan:
    """All studies of this file have plans of the same shape."""
    protocol = {
        "cases": [{"code": f"C{number:03}"} for number in range(1, CASES + 1)],
        "arms": [{"code": method, "repeated": False} for method in METHODS],
        "readers": ["A", "B"],
        "sessions": 2,
        "spacing": 1,
    }
    return plan_drawn(protocol, seed)


def ask(seen: list[Seen], plan: Plan) -> Judgement:
    judgement = judge(seen, plan, redraw=drawn, draws=DRAWS)
    for one in judgement.findings:
        print(f"{one.target:10} {one.family:10} {one.auc:.3f} z = {one.z:+.1f}")
    return judgement


def told(judgement: Judgement) -> set[tuple[str, str]]:
    return {(finding.target, finding.family) for finding in judgement.leaks}


def told_by(*played: object) -> set[tuple[str, str]]:
    return told(ask(*played))


def told_of_pages(client_of: ClientOf) -> set[tuple[str, str]]:
    """Of a study so small, one play may leave the arm just below the alarm's limit;
    as for an honest study, a second one is asked."""
    found = told_by(*play(client_of=client_of))
    if ("the arm", "page") not in found:
        found |= told_by(*play(client_of=client_of))
    return found


@pytest.mark.slow
@pytest.mark.django_db
def test_nothing_tells_the_arm_of_a_real_study(honest: Play) -> None:
    """One honest study in a hundred alarms, so an alarm must be raised twice."""
    judgement = ask(*honest)
    assert {finding.family for finding in judgement.findings} >= {"times", "token"}
    if judgement.leaks:
        assert not told_by(*play())


def leaking(change: Callable[..., object], kind: str = PIXELS) -> ClientOf:
    """Clients of a server whose answers of one kind are as `change` leaves them.

    It is given the answer and the last part of its address, a token for pixels.
    """

    class Leaking(Client):
        def generic(self, method, path, *args, **extra):
            response = super().generic(method, path, *args, **extra)
            if response["Content-Type"].startswith(kind):
                change(response, path.rstrip("/").rpartition("/")[2])
            return response

    def client_of(user: User) -> Client:
        client = Leaking()
        client.force_login(user)
        return client

    return client_of


def png(content: bytes) -> bytes:
    pixels = np.frombuffer(content, np.uint8)
    file = BytesIO()
    Image.fromarray(pixels.reshape(SHOWN_SLICES * CROP, CROP)).save(file, "png")
    return file.getvalue()


def compress(response, token: str) -> None:
    response.content = png(response.content)
    response["Content-Length"] = str(len(response.content))


@pytest.mark.slow
@planted
@pytest.mark.django_db
def test_lengths_of_compressed_images_are_caught() -> None:
    found = told_by(*play(client_of=leaking(compress)))
    assert {("the arm", "lengths"), ("same arm", "lengths")} <= found


def carrying(change: Callable[[dict[str, str]], str | None]) -> Callable[..., None]:
    """Have the pixels that come with an answer as `change` makes them of it."""

    def carry(response, token: str) -> None:
        told = json.loads(response.content)
        if told.get("pixels"):
            told["pixels"] = change(told)
            response.content = json.dumps(told).encode()
            response["Content-Length"] = str(len(response.content))

    return carry


def squeeze(told: dict[str, str]) -> str:
    return b64encode(png(b64decode(told["pixels"]))).decode()


@pytest.mark.slow
@planted
@pytest.mark.django_db
def test_lengths_of_images_compressed_in_an_answer_are_caught() -> None:
    client_of = leaking(carrying(squeeze), kind="application/json")
    found = told_by(*play(client_of=client_of))
    assert {("the arm", "lengths"), ("same arm", "lengths")} <= found


def withhold(told: dict[str, str]) -> str | None:
    """The pixels of one arm would have to be made, so they are left for later."""
    return None if arm_of(told["next"]) == "unet-l4" else told["pixels"]


def retouch(told: dict[str, str]) -> str:
    """As long, and there at once, but another image than at its own address."""
    made = "A" * len(told["pixels"])
    return made if arm_of(told["next"]) == "unet-l4" else told["pixels"]


@pytest.mark.slow
@planted
@pytest.mark.django_db
@pytest.mark.parametrize("change", [withhold, retouch])
def test_an_arm_that_does_not_come_with_an_answer_is_caught(change) -> None:
    client_of = leaking(carrying(change), kind="application/json")
    found = told_of_pages(client_of)
    assert {("the arm", "page"), ("same arm", "page")} <= found


def tag(response, token: str) -> None:
    response["ETag"] = f'"{hashlib.md5(response.content).hexdigest()}"'


@pytest.mark.slow
@planted
@pytest.mark.django_db
def test_an_etag_is_caught() -> None:
    """The same image has the same tag for every reader."""
    assert ("the arm", "headers") in told_by(*play(client_of=leaking(tag)))


class Clock:
    """The time that this thread itself took, however busy the machine is."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.thread_time() + self.ahead


def arm_of(token: str) -> str:
    return Arm.objects.get(
        Q(reads__token=token) | Q(reads__arm_guess__token=token)
    ).code


@pytest.mark.slow
@planted
@pytest.mark.django_db
def test_an_arm_that_answers_slowly_is_caught() -> None:
    """By 30 ms: a denoised image that is made while the reader waits."""
    clock = Clock()

    def delay(response, token: str) -> None:
        clock.ahead += 0.03 * (arm_of(token) == "unet-l4")

    found = told_by(*play(client_of=leaking(delay), clock=clock))
    assert ("same arm", "times") in found


def skip(response, token: str) -> None:
    """The page keeps the next read's token back if its image would have to be made."""
    found = re.search(rb'data-next="([\w-]+)"', response.content)
    if found and arm_of(found[1].decode()) == "unet-l4":
        response.content = response.content.replace(found[0], b'data-next=""')


@pytest.mark.slow
@planted
@pytest.mark.django_db
def test_an_arm_that_is_not_fetched_ahead_is_caught() -> None:
    found = told_of_pages(leaking(skip, kind="text/html"))
    assert {("the arm", "page"), ("same arm", "page")} <= found


def ask_about_one_arm(study: Study) -> None:
    """Questions are drawn among the network's images, where they matter most."""
    ArmGuess.objects.all().delete()
    for reader in study.memberships.filter(role="reader"):
        reads = reader.reads.filter(arm__code="unet-l4")
        for read in sorted(reads, key=lambda read: read.token)[:9]:
            ArmGuess.objects.create(read=read, token=new_token())


@pytest.mark.slow
@planted
@pytest.mark.django_db
def test_questions_about_one_arm_only_are_caught() -> None:
    assert ("same arm", "order") in told_by(*play(ask_about_one_arm))


def in_order(plan: Plan, key: Callable[[str, PlannedRead], object]) -> Plan:
    """The plan had every reader's reads been put in the order of `key`."""
    return {
        reader: [
            read._replace(session=place.session, position=place.position)
            for place, read in zip(
                reads, sorted(reads, key=lambda read: key(reader, read)), strict=True
            )
        ]
        for reader, reads in plan.items()
    }


@pytest.mark.slow
@pytest.mark.django_db
def test_arm_after_arm_is_caught(honest: Play) -> None:
    seen, plan = honest
    blocked = in_order(plan, lambda reader, read: (read.arm, read.position))
    found = told_by(seen, blocked)
    assert {("the arm", "order"), ("same arm", "order")} <= found


@pytest.mark.slow
@pytest.mark.django_db
def test_blocks_of_arms_in_each_readers_own_order_are_caught(honest: Play) -> None:
    def own(reader: str, read: PlannedRead) -> object:
        return hashlib.sha256(f"{reader} {read.arm}".encode()).digest(), read.position

    seen, plan = honest
    assert ("same arm", "order") in told_by(seen, in_order(plan, own))


def hash_of(read: PlannedRead) -> str:
    return hashlib.sha256(read.case.encode()).hexdigest()


@pytest.mark.slow
@pytest.mark.django_db
def test_a_token_derived_from_the_case_is_caught(honest: Play) -> None:
    seen, plan = honest
    derived = [
        replace(
            one, token=hash_of(plan[one.reader][one.position - 1])[:4] + new_token()
        )
        for one in seen
    ]
    assert ("same case", "token") in told_by(derived, plan)


@pytest.mark.pure
def test_the_area_is_that_of_scikit_learn() -> None:
    """scikit-learn's roc_auc_score, ties included."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(1)
    guess = rng.integers(0, 9, (20, 60)) / 8
    truth = rng.integers(0, 2, (20, 60))
    wanted = [roc_auc_score(t, g) for t, g in zip(truth, guess, strict=True)]
    assert area(guess, truth) == pytest.approx(wanted)
    assert area(guess[:1], np.zeros((1, 60))) == pytest.approx([0.5])


@pytest.mark.pure
def test_the_classifier_is_ridge_regression() -> None:
    """scikit-learn's Ridge of the same penalty guesses the same."""
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(2)
    matrix, labels = rng.normal(size=(50, 30)), rng.integers(0, 2, 50)
    centred = labels - labels.mean()
    other = Ridge(alpha=3.0, fit_intercept=False).fit(matrix, centred)
    assert inverse(matrix) @ matrix.T @ centred == pytest.approx(other.coef_)
