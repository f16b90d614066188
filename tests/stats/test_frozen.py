"""A report is computed once; what happens afterwards does not change it."""

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Score, Study
from stats.freezing import changed_since, claim_take, report_freeze, report_work
from stats.models import FrozenReport, ReportWork
from stats.reporting.building import report_build
from stats.reporting.keeping import report_json, report_read
from stats.services import image_quality_measure


def test_a_report_comes_back_from_its_text_as_it_was(conducted: Study) -> None:
    image_quality_measure(study=conducted)
    report = report_build(study=conducted)
    again = report_read(report_json(report))
    assert again == report
    assert type(again.kappa[0].mean) is type(report.kappa[0].mean)
    assert again.complete == report.complete


def test_it_is_frozen_once_with_what_it_was_computed_from(study: Study) -> None:
    events = AuditEvent.objects.count()
    frozen = report_work(study=study)
    assert frozen and report_work(study=study) == frozen == report_freeze(study=study)
    assert (frozen.number, frozen.reason, frozen.audit_events) == (1, "", events)
    assert frozen.answers == 6 * 4 * 3 * 2
    assert frozen.images == 6 * 3
    assert {"python", "numpy", "scipy"} < frozen.libraries.keys()
    event = AuditEvent.objects.get(action="study.freeze_report")
    assert event.after["report"] == frozen.sha256
    assert changed_since(frozen) == ()
    assert not ReportWork.objects.exists()


def test_its_row_is_never_changed(study: Study) -> None:
    frozen = report_freeze(study=study)
    frozen.content = "{}"
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        frozen.save()
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        FrozenReport.objects.update(sha256="0" * 64)


def test_grades_that_are_tampered_with_change_no_frozen_number(study: Study) -> None:
    frozen = report_freeze(study=study)
    before = report_read(frozen.content)
    Score.objects.filter(answer__read__arm__code="short").update(value=1)
    assert report_read(report_freeze(study=study).content) == before
    assert report_build(study=study).kappa != before.kappa
    assert changed_since(frozen) == ("answers",)


def test_anew_it_is_the_next_version_with_its_reason(
    study: Study, statistician: User
) -> None:
    with pytest.raises(Refused, match="no frozen report yet"):
        report_freeze(study=study, by=statistician, reason="The program was wrong.")
    first = report_freeze(study=study)
    second = report_freeze(study=study, by=statistician, reason=" A correction. ")
    assert (second.number, second.reason) == (2, "A correction.")
    assert FrozenReport.objects.get(number=1).content == first.content
    assert AuditEvent.objects.filter(action="study.freeze_report").count() == 2
    assert changed_since(second) == ()


def test_before_unblinding_there_is_nothing_to_freeze(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(state="closed")
    study.refresh_from_db()
    with pytest.raises(Refused, match="not unblinded"):
        report_freeze(study=study)


def test_a_second_worker_leaves_it_to_the_first(study: Study) -> None:
    assert claim_take(study)
    assert report_work(study=study) is None
    assert not FrozenReport.objects.exists()
    ReportWork.objects.update(beat_at="2026-01-01T00:00Z")  # the first one died
    assert report_work(study=study).number == 1
