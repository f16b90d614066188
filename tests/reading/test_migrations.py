"""What becomes of studies that were opened by an earlier version."""

from importlib import import_module

from django.apps import apps

from readerstudy.reading.models import Study


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
