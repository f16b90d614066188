"""The twin that the leak oracle reads: a study as it was when it was opened."""

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connections, models

from readerstudy.cases.models import Cohort
from readerstudy.reading.leaks.copying import DRAWN, LEFT_OUT, study_copy
from readerstudy.reading.models import Membership, Read, Study
from readerstudy.reading.services import read_next, study_close
from tests.cast import make_user, reader_membership
from tests.eventful import let_everything_happen, make_whole
from tests.factory import make_cohort

Rows = dict[type[models.Model], list[dict[str, object]]]


def rows(*kinds: type[models.Model]) -> Rows:
    return {kind: list(kind._base_manager.order_by("pk").values()) for kind in kinds}


@pytest.fixture
def coordinator(db: None) -> User:
    return make_user("coordinator", coordinator=True)


@pytest.fixture
def cohort(coordinator: User) -> Cohort:
    return make_cohort(coordinators=[coordinator])


@pytest.fixture
def study(cohort: Cohort, coordinator: User) -> Study:
    """Opened a moment ago, with everything that a protocol can ask for."""
    readers = [make_user("reader"), make_user("second-reader")]
    return make_whole(cohort, coordinator=coordinator, readers=readers)


@pytest.fixture
def reader(study: Study) -> Membership:
    return reader_membership(study, User.objects.get(username="reader"))


@pytest.mark.pure
def test_every_model_is_copied_or_left_out_on_purpose() -> None:
    """A new model is to be thought about: does reading need it, was it answered?"""
    known = [Study, *DRAWN, *LEFT_OUT]
    assert len(known) == len(set(known))
    assert set(known) == set(apps.get_app_config("reading").get_models())


@pytest.mark.pure
@pytest.mark.parametrize("kind", DRAWN)
def test_what_is_left_out_of_a_row_may_be_left_out(kind: type[models.Model]) -> None:
    """A column that every row must have is copied."""
    needed = {
        field.name
        for field in kind._meta.fields
        if not (field.primary_key or field.null or field.has_default())
    }
    assert needed <= set(DRAWN[kind])


def test_the_copy_is_the_study_as_it_was_at_opening(
    study: Study, reader: Membership, coordinator: User
) -> None:
    drawn = rows(*(kind for kind in DRAWN if kind is not Membership))
    let_everything_happen(study, reader, coordinator)
    study_close(study=study, by=coordinator)
    happened, tokens = (
        rows(*DRAWN, *LEFT_OUT),
        dict(Read.objects.values_list("pk", "token")),
    )
    kinds_left_empty = {kind for kind in LEFT_OUT if not happened[kind]}
    assert {kind.__name__ for kind in kinds_left_empty} == {"UnblindingApproval"}
    for row in drawn[Read]:  # a reopened read has a new one, as unknown as the first
        row["token"] = tokens[row["id"]]
    with study_copy(study) as twin:
        assert rows(*drawn) == drawn
        assert not any(rows(*LEFT_OUT).values())
        assert list(Study.objects.all()) == [twin]
        for member in Membership.objects.all():
            assert member.role == "reader"
            assert (member.reopened, member.simulated) == (0, False)
    assert rows(*DRAWN, *LEFT_OUT) == happened


def test_nothing_stands_between_a_reader_of_the_copy_and_the_first_read(
    cohort: Cohort, coordinator: User
) -> None:
    study = make_whole(
        cohort,
        coordinator=coordinator,
        readers=[make_user("reader")],
        gate="kappa",
        gate_minimum="0.6",
    )
    reader = Membership.objects.get(study=study, role="reader")
    assert read_next(reader=reader).state == "training"
    with study_copy(study) as twin:
        assert twin.state == Study.State.OPEN
        assert read_next(reader=reader).state == "read"
        assert (twin.washout_days, twin.answer_changes) == (0, "never")
    assert read_next(reader=reader).state == "training"


def test_the_copy_has_all_tables_of_the_program(study: Study) -> None:
    real = set(connections["default"].introspection.table_names())
    with study_copy(study):
        twin = set(connections["default"].introspection.table_names())
    assert real - twin == {"django_migrations"}


def test_the_database_comes_back_after_a_failure(study: Study) -> None:
    before = rows(*DRAWN)
    with pytest.raises(RuntimeError), study_copy(study):
        raise RuntimeError
    assert rows(*DRAWN) == before
