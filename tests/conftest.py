"""What every test may use: the cast, and honest skips for absent programs."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from django.utils import translation

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.kept import Kept

# Playwright runs an event loop in the test's thread; the ORM is only ever used
# from that same thread, between its calls.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# Tests share the cores with each other; threads that wait for a core only spin.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# How long an example takes says how busy the machine is. What a change must pass
# draws the same examples each time; all other runs go on looking for new ones.
hypothesis.settings.register_profile(
    "busy",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize=bool(os.environ.get("REQUIRE_ALL")),
)
hypothesis.settings.load_profile("busy")

PROGRAMS = {
    "browser": ("Chromium", ("chromium", "chromium-browser", "google-chrome")),
    "redis": ("Redis", ("redis-server",)),
}


def find_program(marker: str) -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS[marker][1])), None)


# Folders of code that knows no database, and what a test has that asks for one.
PURE = (
    "tests/blinding/",
    "tests/imaging/",
    "tests/inference/networks/",
    "tests/inference/runtime/",
    "tests/inference/stability/",
    "tests/inference/sweeps/",
    "tests/simulation/",
    "tests/supply/",
)
WITH_DATABASE = {"db", "transactional_db", "live_server", "django_db_setup"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what is the same on every database, so that it is run on one."""
    asks = WITH_DATABASE.intersection(getattr(item, "fixturenames", ()))
    asks.update(mark.name for mark in item.iter_markers("django_db"))
    if item.nodeid.startswith(PURE) and not asks:
        item.add_marker("pure")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, in plain words, what needs a program this machine does not have.

    REQUIRE_ALL=1 (set in continuous integration) lets such tests fail instead.
    """
    if os.environ.get("REQUIRE_ALL"):
        return
    for marker, (name, _) in PROGRAMS.items():
        if find_program(marker):
            continue
        skip = pytest.mark.skip(reason=f"{name} was not found on this machine")
        for item in items:
            if marker in item.keywords:
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A request in another language leaves its thread speaking it."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    from django.db import connection

    from tests.migrated import begin_with_a_copy

    begin_with_a_copy(connection)


@pytest.fixture(autouse=True, scope="session")
def quickly_restored() -> Iterator[None]:
    """Tests with real transactions begin with the rows that migrations have made."""
    from django.db.backends.base.creation import BaseDatabaseCreation

    from tests.kept import quick_restoring

    put_back = quick_restoring()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseCreation, "deserialize_db_from_string", put_back)
        yield


@pytest.fixture(autouse=True, scope="session")
def emptied_audit_log() -> Iterator[None]:
    """Tests with real transactions empty all tables afterwards. The audit log refuses
    that like anybody's attempt, so its triggers are away for that moment alone.
    """
    from django.db import connection
    from django.test import TransactionTestCase

    from readerstudy.audit import triggers

    flush = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        triggers.drop(connection)
        try:
            flush(self)
        finally:
            triggers.create(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture(scope="session")
def kept_cast(django_db_setup: None, django_db_blocker: Any) -> "Kept":
    from tests.kept import keep

    with django_db_blocker.unblock():
        return keep(make_cast)


@pytest.fixture
def cast(db: None, kept_cast: "Kept") -> "Cast":
    """An open study with all who may or may not touch it."""
    return kept_cast.put_back() if kept_cast.fits() else make_cast()


def make_cast() -> "Cast":
    from tests.cast import Cast, make_user
    from tests.factory import make_cohort, make_study

    coordinator = make_user("coordinator", coordinator=True)
    other_coordinator = make_user("other-coordinator", coordinator=True)
    statistician = make_user("statistician")
    reader, second, other = map(make_user, ("reader", "second-reader", "other-reader"))
    administrator = make_user("administrator")
    administrator.is_staff = administrator.is_superuser = True
    administrator.save()
    cohort = make_cohort(coordinators=[coordinator])
    elsewhere = make_cohort("Elsewhere", coordinators=[other_coordinator])
    return Cast(
        coordinator=coordinator,
        statistician=statistician,
        reader=reader,
        second_reader=second,
        other_reader=other,
        other_coordinator=other_coordinator,
        stranger=make_user("stranger"),
        administrator=administrator,
        cohort=cohort,
        study=make_study(
            cohort,
            coordinator=coordinator,
            readers=[reader, second],
            statistician=statistician,
        ),
        other_study=make_study(
            elsewhere,
            slug="other-study",
            coordinator=other_coordinator,
            readers=[other],
        ),
    )
