"""The leak oracle on a real study: it looks, and keeps nothing but what it found."""

from io import StringIO

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, connections

from readerstudy.audit.models import AuditEvent
from readerstudy.reading.leaks import asking
from readerstudy.reading.models import LeakOracleRun, Membership, Read, Study
from readerstudy.reading.selectors import leak_oracle_last
from readerstudy.reading.services import member_mark_simulated
from tests.cast import Cast, reader_membership

from .conftest import answer_next


def everything() -> dict[str, list[dict[str, object]]]:
    """Every row of every table but those in which the oracle keeps its results."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
        if model not in (LeakOracleRun, AuditEvent)
    }


def ask(study: Study, *options: str) -> str:
    """All that is said; one honest study in a hundred alarms, and says so, too."""
    out = StringIO()
    try:
        call_command("leak_oracle", study.slug, "--draws=99", *options, stdout=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


@pytest.fixture
def begun(cast: Cast) -> Study:
    """An open study in which one reader has answered two reads."""
    reader = reader_membership(cast.study, cast.reader)
    for _ in range(2):
        answer_next(reader)
    return cast.study


@pytest.mark.slow
def test_it_judges_a_study_and_changes_nothing_of_it(begun: Study) -> None:
    before, real = everything(), connection.settings_dict["NAME"]
    said = ask(begun)
    assert f"{Read.objects.filter(reader__study=begun).count()} reads seen" in said
    assert "the arm    token" in said
    assert "All together: p =" in said
    assert connections["default"].settings_dict["NAME"] == real
    assert everything() == before


def kept(study: Study) -> tuple[int, int]:
    """How many results are stored, and how many acts were recorded."""
    acts = AuditEvent.objects.filter(study=study.slug).exclude(action="account.login")
    return study.leak_oracle_runs.count(), acts.count()


@pytest.mark.slow
def test_the_result_is_stored_for_the_report_and_recorded(begun: Study) -> None:
    assert leak_oracle_last(begun) is None
    said = [ask(begun), ask(begun)]
    assert "Stored for the report." in said[0]
    runs = list(begun.leak_oracle_runs.all())
    reads = Read.objects.filter(reader__study=begun).count()
    for run, words in zip(runs, said, strict=True):
        assert f"All together: p = {run.p:.4f}" in words
        assert (run.reads, run.draws, run.confidence) == (reads, 99, 0.99)
        for found in run.findings:
            verdict = "LEAK" if found["leaks"] else "nothing"
            wanted = f"{found['target']:10} {found['family']:11} {found['auc']:6.3f}"
            (line,) = (line for line in words.splitlines() if line.startswith(wanted))
            assert line.endswith(verdict)
            assert f"{found['low']:.3f} to {found['high']:.3f}" in line
    assert leak_oracle_last(begun) == runs[1]
    events = AuditEvent.objects.filter(action="study.leak_oracle", study=begun.slug)
    for run, event in zip(runs, events.order_by("sequence"), strict=True):
        p = f"{run.p:.4f}"
        assert event.after == {"p": p, "leaks": run.leaks, "reads": reads}


@pytest.mark.slow
def test_a_dry_run_stores_and_records_nothing(begun: Study) -> None:
    before = kept(begun)
    assert "Nothing is stored." in ask(begun, "--dry-run")
    assert kept(begun) == before


@pytest.mark.slow
def test_it_reads_a_study_whose_readings_are_simulated(cast: Cast) -> None:
    member_mark_simulated(study=cast.study)
    nobody_logs_in = User.objects.filter(memberships__role=Membership.Role.READER)
    nobody_logs_in.update(is_active=False)
    reads = Read.objects.filter(reader__study=cast.study)
    assert f"{reads.count()} reads seen" in ask(cast.study)
    assert not reads.filter(reader__simulated=False).exists()


@pytest.mark.slow
def test_it_names_no_arm_and_no_case(begun: Study) -> None:
    said = ask(begun)
    said += repr(leak_oracle_last(begun).findings)
    said += repr(AuditEvent.objects.get(action="study.leak_oracle").after)
    words = {word for arm in begun.arms.values_list("code", "title") for word in arm}
    words |= set(begun.cohort.cases.values_list("code", flat=True))
    assert not [word for word in words if word in said]


@pytest.mark.slow
def test_a_leak_fails_the_command(begun: Study, monkeypatch) -> None:
    def log_in(user):
        client = honest(user)
        get = client.get

        def tell(path):
            response = get(path)
            token = path.rstrip("/").rpartition("/")[2]
            if read := Read.objects.filter(token=token).first():
                response["X-Made-By"] = read.arm.code
            return response

        client.get = tell
        return client

    honest = asking.log_in
    monkeypatch.setitem(asking.study_observe.__kwdefaults__, "client_of", log_in)
    before = everything()
    with pytest.raises(CommandError, match="tells the plan"):
        call_command("leak_oracle", begun.slug, "--draws=99", stdout=StringIO())
    assert everything() == before
    run = leak_oracle_last(begun)
    assert run.leaks > 0
    assert {"the arm"} <= {found["target"] for found in run.findings if found["leaks"]}


def test_drafts_and_missing_studies_are_refused_in_words(cast: Cast) -> None:
    Study.objects.filter(pk=cast.other_study.pk).update(state="draft")
    for slug, why in (("other-study", "is a draft"), ("nowhere", "There is no study")):
        assert why in ask(Study(slug=slug))


def test_too_few_plans_are_refused_before_anything_is_read(begun: Study) -> None:
    for confidence, why in (("0.999", "too few"), ("1", "between 0 and 1")):
        said = ask(begun, f"--confidence={confidence}")
        assert why in said
        assert "reads seen" not in said
    assert leak_oracle_last(begun) is None


@pytest.mark.slow
def test_a_plan_that_lacks_a_read_is_refused_in_words(begun: Study) -> None:
    Read.objects.filter(reader__study=begun).last().delete()
    assert "see verify_schedule" in ask(begun)
