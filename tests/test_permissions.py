"""Who may reach what: one row for every route, asked of everyone in the cast.

A person who may not is answered 404 (as if it did not exist), 403, or is sent to
the login page (a script is answered 401). Whoever may gets anything else, even a
refusal of the form.
"""

from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from inference.models import Sweep, Training, Weights
from inference.recipes import SHORT_RECIPE
from inference.services import job_request, stability_request, training_request
from readerstudy.accounts.models import Token
from readerstudy.accounts.tokens import token_make
from readerstudy.cases.models import Rendition, Upload, UploadFile
from readerstudy.reading.models import Membership, Read, Study
from readerstudy.reading.services import (
    attempt_start,
    check_start,
    guess_next,
    read_next,
    training_next,
)
from tests.accounts.protecting import protect
from tests.cast import Cast, make_user, reader_membership
from tests.conftest import make_cast
from tests.factory import TRAINING, make_study, unblind
from tests.kept import Kept, keep
from tests.page_rows import TABLE
from tests.stability import save_stability
from tests.test_leaks import grade_one, is_for_programs, routes

# Doors for programs have a row for every method: tests/api/test_permissions.py.
PAGES = [route for route in sorted(routes()) if not is_for_programs(route[0])]


def test_every_route_has_its_row() -> None:
    assert {name for name, _ in PAGES} == set(TABLE)


@dataclass
class Site:
    """The cast, and what to put into each route's address: the study's own things."""

    cast: Cast
    values: dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def kept_site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Kept:
    with django_db_blocker.unblock():
        return keep(make_site)


@pytest.fixture
def site(db: None, kept_site: Kept) -> Site:
    return kept_site.put_back() if kept_site.fits() else make_site()


def make_site() -> Site:
    cast = make_cast()
    return Site(cast, values_of(cast))


def values_of(cast: Cast) -> dict[str, dict[str, object]]:
    read_next(reader=reader_membership(cast.study, cast.reader))
    shown = Read.objects.get(first_shown_at__isnull=False)
    case = cast.cohort.cases.first()
    rendition = Rendition.objects.filter(case=case).first()
    upload = Upload.objects.create(name="New cohort", uploaded_by=cast.coordinator)
    UploadFile.objects.create(upload=upload, size=10, sealed_name=b"")
    inbox = Upload.objects.create(origin="node", state="receiving", folder="x")
    job = job_request(cohort=cast.cohort, method="gaussian", user=cast.coordinator)
    weights = Weights.objects.create(
        network="onnx", card={}, origin="shipped", file="weights/lost"
    )
    run = stability_request(cohort=cast.cohort, method="short", user=cast.coordinator)
    save_stability(cast.cohort, "gaussian")
    stable = {"pk": cast.cohort.pk, "method": "gaussian"}
    study, cohort = {"slug": cast.study.slug}, {"pk": cast.cohort.pk}
    training = {**cohort, "training_pk": training_of(cast).pk}
    sweep = {**cohort, "sweep_pk": sweep_of(cast).pk}
    return {
        "study": study,
        "cohort": cohort,
        "accounts:token-revoke": {"pk": token_of(cast.coordinator).pk},
        **accounts_values(cast),
        "cases:case-detail": {**cohort, "code": case.code},
        "cases:case-update": {**cohort, "code": case.code},
        "cases:cohort-images": cohort,
        "cases:cohort-parity": cohort,
        "cases:parity-accept": cohort,
        "cases:case-slice": {**cohort, "code": case.code, "index": 3},
        "cases:cohort-confirm": {"pk": upload.pk},
        "cases:file-send": {"token": upload.files.get().token},
        "cases:upload-take": {"pk": inbox.pk},
        "cases:upload-discard": {"pk": upload.pk},
        "cases:upload-retry": {"pk": upload.pk},
        "cases:pairing-update": {"pk": upload.pk},
        "cases:scan-preview": {"pk": upload.pk, "number": 0},
        "cases:pacs-progress": {"pk": upload.pk},
        "cases:pacs-retry": {"pk": upload.pk},
        "cases:study-store": {"study_uid": "1.2.3"},
        "cases:rendition-preview": {"pk": rendition.pk, "slice_index": 2},
        "cases:rendition-strip": {"pk": rendition.pk},
        "inference:weights-card": {"pk": weights.pk},
        "inference:weights-probe": {"pk": weights.pk},
        "inference:weights-preview": {
            "pk": weights.pk,
            "cohort_pk": cast.cohort.pk,
            "code": case.code,
        },
        "inference:job-cancel": {**cohort, "job_pk": job.pk},
        "inference:job-retry": {**cohort, "job_pk": job.pk},
        "inference:stability-cancel": {**cohort, "run_pk": run.pk},
        "inference:stability-retry": {**cohort, "run_pk": run.pk},
        "inference:stability-detail": stable,
        "inference:stability-picture": {
            **stable,
            "code": case.code,
            "name": "omission",
        },
        "inference:sweep-detail": sweep,
        "inference:sweep-stop": sweep,
        "inference:sweep-restart": sweep,
        "inference:sweep-export": sweep,
        "inference:training-detail": training,
        "inference:training-stop": training,
        "inference:training-resume": training,
        "inference:training-forget": training,
        "stats:figure": {**study, "name": "kappa", "form": "csv"},
        "stats:image-pair": {**study, "arm": "short", "case": case.code},
        "stats:stability-picture": {
            **study,
            "arm": "gaussian",
            "case": case.code,
            "name": "omission",
        },
        "reading:lut-show": {"lut": "grey"},
        "reading:read-pixels": {**study, "token": shown.token},
        "posted to reading:read-submit": {"token": shown.token},
        **training_values(cast),
        **conditions_values(cast),
        **guess_values(cast),
    }


def accounts_values(cast: Cast) -> dict[str, dict[str, object]]:
    """The coordinator has every kind of second factor, nobody else has one."""
    passkey = protect(cast.coordinator)
    account, group = {"object_id": cast.reader.pk}, {"object_id": 1}
    return {
        "openid_connect_login": {"provider_id": "sso"},
        "openid_connect_callback": {"provider_id": "sso"},
        "mfa_edit_webauthn": {"pk": passkey.pk},
        "mfa_remove_webauthn": {"pk": passkey.pk},
        "admin:app_list": {"app_label": "auth"},
        "admin:auth_user_change": account,
        "admin:auth_user_history": account,
        "admin:auth_user_delete": account,
        "admin:auth_user_password_change": {"id": cast.reader.pk},
        "admin:auth_group_change": group,
        "admin:auth_group_history": group,
        "admin:auth_group_delete": group,
    }


def token_of(user: User) -> Token:
    return token_make(user=user, name="script", scopes=["studies:read"], days=1)[0]


def training_of(cast: Cast) -> Training:
    """Of a network, on the cast's cohort; it waits for a worker."""
    parts = ("training", "training", "training", "validation")
    for case, part in zip(cast.cohort.cases.order_by("code"), parts, strict=False):
        case.split = part
        case.save()
    return training_request(
        cohort=cast.cohort, network="unet-l1", recipe="short", user=cast.coordinator
    )


def sweep_of(cast: Cast) -> Sweep:
    """On the cast's cohort; nothing of it is trained."""
    sweep = Sweep.objects.create(
        cohort=cast.cohort,
        title="Enough",
        factor="cases",
        levels=[1, 2],
        seeds=[1],
        network="unet-l1",
        recipe=SHORT_RECIPE.to_json(),
        loss="l1",
        margin_db=0.3,
    )
    for level in (1, 2):
        sweep.points.create(level=level, seed=1)
    return sweep


def training_values(cast: Cast) -> dict[str, dict[str, object]]:
    """The same people's study with a training set, and the reader in it."""
    trained = make_study(
        cast.cohort,
        slug="trained-study",
        coordinator=cast.coordinator,
        statistician=cast.statistician,
        readers=[cast.reader, cast.second_reader],
        training=TRAINING,
    )
    reader = reader_membership(trained, cast.reader)
    attempt_start(reader=reader)
    shown = training_next(reader=reader)
    study, token = {"slug": trained.slug}, {"token": shown.token}
    return {
        "reading:training-next": study,
        "reading:training-start": study,
        "reading:training-submit": study,
        "posted to reading:training-submit": token,
        "reading:training-pixels": {**study, **token},
        "reading:training-result": study,
    }


def conditions_values(cast: Cast) -> dict[str, dict[str, object]]:
    """A study whose reader has the test pattern before them."""
    asking = make_study(
        cast.cohort,
        slug="asking-study",
        coordinator=cast.coordinator,
        statistician=cast.statistician,
        readers=[cast.reader],
        asks_conditions=True,
    )
    check_start(reader=reader_membership(asking, cast.reader))
    study = {"slug": asking.slug}
    return {"reading:conditions": study, "reading:test-pattern": study}


def guess_values(cast: Cast) -> dict[str, dict[str, object]]:
    """A study whose reader is asked about the first read."""
    guessed = make_study(
        cast.cohort,
        slug="guessed-study",
        coordinator=cast.coordinator,
        statistician=cast.statistician,
        readers=[cast.reader],
        guesses="after-grade",
        guess_percent=100,
    )
    grade_one(guessed, cast.reader)
    guess = guess_next(reader=reader_membership(guessed, cast.reader))
    study, token = {"slug": guessed.slug}, {"token": guess.token}
    return {
        "reading:guess-next": study,
        "reading:guess-submit": study,
        "posted to reading:guess-submit": token,
        "reading:guess-pixels": {**study, **token},
    }


def simulated_reader(cast: Cast) -> User:
    """A simulated reader's account, somehow logged in, in all of these studies."""
    user = make_user("simulated-reader")
    Membership.objects.bulk_create(
        Membership(study=study, user=user, role="reader", code="S", simulated=True)
        for study in Study.objects.filter(cohort=cast.cohort)
    )
    return user


def address(name: str, names: tuple[str, ...], values: dict) -> str:
    if not names:
        return reverse(name)
    common = values["study"] if "slug" in names else values["cohort"]
    return reverse(name, kwargs=values.get(name, common))


@pytest.mark.parametrize(("name", "names"), PAGES)
def test_only_who_may_reaches_it(name: str, names: tuple[str, ...], site: Site) -> None:
    cast, values, row = site.cast, site.values, TABLE[name]
    if name.startswith("stats:"):  # there is nothing to see before unblinding
        unblind(cast.study)
    path = address(name, names, values)
    # who may goes last: an act that succeeds may change the answer to others
    everyone = cast.everyone() | {"simulated reader": simulated_reader(cast)}
    people = sorted(everyone.items(), key=lambda who: who[0] in row.allowed)
    reached = set()
    for who, user in people:
        client = Client(raise_request_exception=False)
        if user:
            client.force_login(user)
        response = getattr(client, row.method)(path, values.get(f"posted to {name}"))
        to_login = response.status_code == 302 and "/login/" in response["Location"]
        if not (response.status_code in (401, 403, 404) or to_login):
            assert response.status_code < 500, f"{name} breaks for {who}"
            reached.add(who)
    if name == "logout":
        return  # it leads to the login page whoever asks
    assert reached == row.allowed
