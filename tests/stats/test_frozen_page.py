"""What a statistician sees of a report that is frozen, and of one that is not yet."""

import hashlib
import io
import zipfile

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from readerstudy.reading.models import Score, Study
from readerstudy.reading.signals import study_unblinded
from stats import freezing, tasks
from stats.freezing import report_freeze
from stats.models import FrozenDocument, FrozenReport, ReportWork
from stats.reporting.building import report_build
from tests.cast import Cast
from tests.factory import unblind

URL = "/studies/read-study/report/"
CHANGED = "What this report was computed from has changed since"


@pytest.fixture
def page(client: Client, statistician: User):
    client.force_login(statistician)

    def show(query: str = "") -> str:
        response = client.get(URL + query)
        assert response.status_code == 200, response.content.decode()
        return " ".join(response.content.decode().split())

    return show


def tampered() -> None:
    Score.objects.filter(answer__read__arm__code="short").update(value=1)


def body(page: str) -> str:
    return page.split('id="plan"')[1].split('id="freeze-again"')[0]


def test_the_page_stays_as_it_was_and_tells_what_has_changed(page, study) -> None:
    before = page()
    assert "Version 1, frozen" in before
    assert "Nothing that it was computed from has changed since" in before
    tampered()
    after = page()
    assert CHANGED in after
    assert "the stored answers of readers" in after
    assert "the stored images" not in after
    assert body(after) == body(before)


def test_a_large_study_is_compared_when_somebody_asks(page, study, monkeypatch) -> None:
    from stats.views import report as views

    monkeypatch.setattr(views, "CHECKED_UNASKED", 10)
    page()
    tampered()
    assert CHANGED not in page()
    assert "?version=1&amp;check=1" in page()
    assert CHANGED in page("?version=1&check=1")


def test_other_choices_are_computed_and_are_not_the_frozen_report(page, study) -> None:
    assert "This is not the frozen report" not in page("?control=unet&blocks=patient")
    chosen = page("?control=short&blocks=slice")
    assert "This is not the frozen report" in chosen
    assert 'id="provenance"' not in chosen
    assert FrozenReport.objects.count() == 1


def test_a_new_version_needs_a_reason_and_the_old_one_stays(
    client: Client, page, study
) -> None:
    before = page()
    tampered()
    refused = client.post(f"{URL}freeze/", {"reason": "  "})
    assert refused.status_code == 409
    assert "A reason is needed." in refused.content.decode()
    assert client.post(f"{URL}freeze/", {"reason": "<b>Why</b>"}).url == URL
    now = page()
    assert "Version 2, frozen" in now and "&lt;b&gt;Why&lt;/b&gt;" in now
    assert CHANGED not in now
    old = page("?version=1")
    assert "This is an earlier version of the report" in old
    assert body(old) == body(before) != body(now)
    for unknown in ("3", "x", "-1", "99999", "²"):
        assert client.get(f"{URL}?version={unknown}").status_code == 404


def test_everything_that_it_was_computed_from_is_named(
    client: Client, page, study
) -> None:
    shown = page()
    frozen = FrozenReport.objects.get()
    said = shown.split('id="provenance"')[1]
    for one in (
        *(frozen.sha256, frozen.protocol_sha256, frozen.answers_sha256),
        *(frozen.images_sha256, frozen.audit_anchor, frozen.program_sha256),
        *(f"numpy {frozen.libraries['numpy']}", "not asked"),
    ):
        assert one in said
    got = client.get(f"{URL}report.json").content
    assert hashlib.sha256(got).hexdigest() == frozen.sha256


def test_what_the_contents_name_can_be_pointed_at(page, study) -> None:
    shown = page()
    names = shown.split("<ol>")[1].split("</ol>")[0].split('href="#')[1:]
    anchors = [name.split('"')[0] for name in names]
    assert anchors[:3] == ["plan", "image-quality", "agreement"]
    assert anchors[-1] == "provenance"
    assert all(f'id="{anchor}"' in shown for anchor in anchors)


def test_a_report_of_another_program_is_there_as_its_file(
    client: Client, page, study
) -> None:
    frozen = report_freeze(study=study)
    fields = {f.name: getattr(frozen, f.name) for f in FrozenReport._meta.fields}
    content = '{"of": "a later program"}'
    FrozenReport.objects.create(
        **fields | {"id": None, "number": 2, "reason": "Later.", "content": content}
    )
    response = client.get(URL)
    assert response.status_code == 409
    assert "report.json?version=2" in response.content.decode()
    assert client.get(f"{URL}report.json?version=2").content == content.encode()
    page("?version=1")


def test_a_page_leaves_the_computing_to_a_worker_that_is_at_it(
    client: Client, page, study
) -> None:
    ReportWork.objects.create(study=study, claim="x", beat_at=timezone.now())
    assert "<progress" in page()
    assert not FrozenReport.objects.exists()
    assert client.get("/studies/read-study/export/").url == URL
    ReportWork.objects.update(beat_at="2026-01-01T00:00Z")
    assert "Version 1, frozen" in page()


def test_the_export_is_of_the_frozen_report(client: Client, page, study) -> None:
    page()
    tampered()
    response = client.get("/studies/read-study/export/")
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        kept = archive.read("read-study/report.json")
    assert kept.decode() == FrozenReport.objects.get().content


def test_it_is_frozen_from_the_command_line(study: Study, capsys) -> None:
    call_command("freeze_report", "read-study")
    assert "version 1" in capsys.readouterr().out
    call_command("freeze_report", "read-study", reason="A correction.")
    assert "version 2" in capsys.readouterr().out
    tampered()
    with pytest.raises(CommandError, match="changed since: answers"):
        call_command("freeze_report", "read-study")
    with pytest.raises(CommandError, match="no study"):
        call_command("freeze_report", "another")


def test_unblinding_wakes_a_worker(
    cast: Cast, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    called = []
    monkeypatch.setattr(tasks.freeze_report, "delay", called.append)
    with django_capture_on_commit_callbacks(execute=True):
        unblind(cast.study)
    assert called == [cast.study.pk]
    assert study_unblinded.receivers


def test_the_worker_freezes_the_report_and_sets_its_documents(
    study: Study, monkeypatch, settings
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    from stats.pdf import keeping

    monkeypatch.setattr(keeping, "report_pdf", lambda frozen, language: b"%PDF")
    tasks.freeze_report(study.pk)
    tasks.freeze_report(study.pk)  # delivered twice
    assert FrozenReport.objects.count() == 1
    assert set(FrozenDocument.objects.values_list("language", flat=True)) == {
        *("en", "ja")
    }


def test_who_is_overtaken_while_computing_gets_the_one_that_is_there(
    study: Study, monkeypatch
) -> None:
    quicker = []
    with monkeypatch.context() as patch:

        def build(**given: object) -> object:
            if not quicker:
                quicker.append("computing")
                quicker.append(report_freeze(study=study))
            return report_build(**given)

        patch.setattr(freezing, "report_build", build)
        assert report_freeze(study=study) == quicker[1]
    assert FrozenReport.objects.count() == 1


def test_one_that_is_killed_in_the_middle_leaves_nothing_half(
    study: Study, monkeypatch
) -> None:
    class KilledError(BaseException):
        pass

    def killed(**_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(freezing, "event_record", killed)
        with pytest.raises(KilledError):
            freezing.report_work(study=study)
    assert not FrozenReport.objects.exists()
    assert freezing.report_work(study=study).number == 1
