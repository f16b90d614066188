import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoDbBlocker

from readerstudy.reading.models import Membership, Study
from stats.exporting.columns import FILES
from stats.freezing import report_freeze
from stats.services import image_quality_measure
from tests.kept import Kept, keep

from .conducted import add_conduct, add_guesses, give_plan
from .studies import make_cohort, make_study

METHODS = ("reference", "short", "unet")
TABLES = set(FILES)
DOCUMENTS = {
    "README.txt",
    "protocol.yaml",
    "protocol.json",
    "analysis.R",
    "imrmc.imrmc",
    "SHA256SUMS",
    "report.json",
}
EXPORTED = TABLES | DOCUMENTS


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page comes when all is measured, also on a busy machine."""
    monkeypatch.setattr("stats.views.report.MEASURING_SECONDS", 60)


@dataclass
class Made:
    study: Study


def make() -> Made:
    cohort = make_cohort("Phantoms", cases=6, methods=METHODS)
    return Made(make_study(cohort, methods=METHODS))


@pytest.fixture(scope="session")
def kept_study(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Kept:
    with django_db_blocker.unblock():
        return keep(make)


@pytest.fixture
def study(db: None, kept_study: Kept) -> Study:
    """Six cases, three arms, three readers, all read and unblinded."""
    made: Made = kept_study.put_back() if kept_study.fits() else make()
    return made.study


def _member(study: Study, name: str, role: str) -> User:
    user = User.objects.create_user(name, password="correct horse battery")
    Membership.objects.create(study=study, user=user, role=role)
    return user


@pytest.fixture
def coordinator(study: Study) -> User:
    return _member(study, "coordinator", Membership.Role.COORDINATOR)


@pytest.fixture
def statistician(study: Study) -> User:
    return _member(study, "statistician", Membership.Role.STATISTICIAN)


@pytest.fixture
def conducted(study: Study, coordinator: User, statistician: User) -> Study:
    """The same study with a plan, guesses, and all that may happen around reads."""
    give_plan(study)
    add_guesses(study)
    add_conduct(study, coordinator=coordinator, statistician=statistician)
    return study


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def folder(study: Study, tmp_path: Path) -> Path:
    """The files of its export."""
    call_command("export_study", study.slug, out=tmp_path / "out")
    return tmp_path / "out"


def freeze_again(slug: str) -> None:
    """Where a test has changed rows beneath a report that was looked at before."""
    study = Study.objects.get(slug=slug)
    if study.frozen_reports.exists():
        image_quality_measure(study=study)
        report_freeze(study=study, reason="A test changed its rows.")


@pytest.fixture
def page(client: Client, statistician: User) -> Callable[[], str]:
    """What the report says, as its statistician reads it."""
    client.force_login(statistician)

    def show() -> str:
        freeze_again("read-study")
        response = client.get("/studies/read-study/report/")
        return " ".join(response.content.decode().split())

    return show
