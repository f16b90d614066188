"""What becomes of studies that were opened by an earlier version."""

from importlib import import_module

from django.apps import apps

from readerstudy.reading.models import Study


def test_a_study_opened_before_asks_for_nothing_new_and_a_draft_may(cast, make_draft):
    make_draft()
    Study.objects.update(asks_conditions=True, break_after_minutes=45)
    migration = import_module(
        "readerstudy.reading.migrations.0003_studies_opened_before"
    )
    migration.keep_as_opened(apps, None)
    cast.study.refresh_from_db()
    assert (cast.study.asks_conditions, cast.study.break_after_minutes) == (False, 0)
    draft = Study.objects.get(slug="a-draft")
    assert (draft.asks_conditions, draft.break_after_minutes) == (True, 45)
