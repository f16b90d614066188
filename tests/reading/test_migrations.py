"""What becomes of studies that were opened by an earlier version."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from readerstudy.reading.models import Study
from tests.own_database import told_once

from .migrating import READS


def test_a_study_opened_by_an_earlier_version_asks_for_nothing_new(cast, make_draft):
    make_draft()
    Study.objects.update(asks_conditions=True, break_after_minutes=45)
    earlier = cast.study.protocol | {"version": 1}
    Study.objects.filter(pk=cast.study.pk).update(protocol=earlier)
    migration = import_module(
        "readerstudy.reading.migrations.0003_studies_opened_before"
    )
    migration.keep_as_opened(apps, None)
    asking = Study.objects.filter(asks_conditions=True, break_after_minutes=45)
    assert set(asking) == {Study.objects.get(slug="a-draft"), cast.other_study}
    cast.study.refresh_from_db()
    assert (cast.study.asks_conditions, cast.study.break_after_minutes) == (False, 0)


@pytest.fixture(scope="module")
def taken_over(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `migrate` made of the scores of an earlier version."""
    return told_once(tmp_path_factory, "tests.reading.migrating", is_migrated=False)


def test_no_score_of_an_earlier_version_is_lost_or_made_up(taken_over):
    assert taken_over["scores"] == 2 * READS + 4
    assert taken_over["answers"] == READS + 2
    assert taken_over["declined"] == 0


def test_every_version_keeps_its_grades_key_reason_and_times(taken_over):
    nothing = ["", None, None, None]  # no comment, no times of a browser, no window

    def line(read, version, key, reason, shown, at, grades):
        return [read, version, key, reason, "reader", shown, at, grades, nothing]

    assert taken_over["told"] == [
        line(1, 1, "key-1", "", 1, 1.5, {"right": 2, "left": 3}),
        line(2, 1, "key-2", "", 2, 2.5, {"right": 3, "left": 4}),
        # shown when the read was opened again, not when it was read at first
        line(2, 2, "key of 2", "reason of 2", 4001, 4002, {"right": 2, "left": 2}),
        line(2, 3, "key of 3", "reason of 3", 5001, 5002, {"right": 3, "left": 3}),
        line(3, 1, "key-3", "", 3, 3.5, {"right": 4, "left": 1}),
        line(
            READS,
            1,
            f"key-{READS}",
            "",
            READS,
            READS + 0.5,
            {"right": 1 + READS % 4, "left": 1 + (READS + 1) % 4},
        ),
    ]


def test_answers_still_prove_themselves_by_the_audit_log_of_before(taken_over):
    assert taken_over["digests changed"] == 0
