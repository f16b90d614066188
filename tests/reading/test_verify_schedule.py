"""Anyone can check that the plan was drawn and not chosen, without unblinding."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from readerstudy.blinding import seeds
from readerstudy.reading.models import Read, Session, Study
from readerstudy.reading.services import study_close
from tests.cast import Cast

UNBLINDED = Study.State.UNBLINDED


def verify(study: Study) -> tuple[str, bool]:
    """Everything that the command says, and whether it passed."""
    out = StringIO()
    try:
        call_command("verify_schedule", study.slug, stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}", False
    return out.getvalue(), True


def swap_cases(study: Study) -> tuple[Read, Read]:
    """Exchange the cases of two reads, as only who has the database could."""
    first = Read.objects.filter(reader__study=study, repeat=0).order_by("pk")[0]
    same = Read.objects.filter(reader=first.reader, arm=first.arm, repeat=0)
    second = same.exclude(case=first.case).order_by("pk")[0]
    free = study.cohort.cases.create(code="C999", patient_digest="x", central_slice=30)
    Read.objects.filter(pk=first.pk).update(case=free)
    Read.objects.filter(pk=second.pk).update(case=first.case)
    Read.objects.filter(pk=first.pk).update(case=second.case)
    return first, second


def test_an_untouched_plan_matches_in_every_state(cast: Cast) -> None:
    said, passed = verify(cast.study)
    assert passed
    assert f"All {Read.objects.filter(reader__study=cast.study).count()} reads" in said
    study_close(study=cast.study, by=cast.coordinator)
    assert verify(cast.study)[1]


def test_two_exchanged_reads_are_found(cast: Cast) -> None:
    swap_cases(cast.study)
    said, passed = verify(cast.study)
    assert not passed
    assert "2 reads are not as drawn" in said


def test_a_removed_read_is_found(cast: Cast) -> None:
    Read.objects.filter(reader__study=cast.study).last().delete()
    said, passed = verify(cast.study)
    assert not passed
    assert "1 reads are not as drawn" in said


def test_another_seed_is_found(cast: Cast) -> None:
    Study.objects.filter(pk=cast.study.pk).update(seed=seeds.new_seed())
    said, passed = verify(cast.study)
    assert not passed
    assert "Seed: DOES NOT match" in said
    assert "Frozen protocol: matches" in said


def test_another_seed_with_its_own_commitment_is_found_in_the_reads(cast: Cast) -> None:
    seed = seeds.new_seed()
    Study.objects.filter(pk=cast.study.pk).update(
        seed=seed, seed_sha256=seeds.commitment(seed)
    )
    said, passed = verify(cast.study)
    assert not passed
    assert "reads are not as drawn" in said


def test_a_changed_protocol_is_found(cast: Cast) -> None:
    protocol = {**cast.study.protocol, "washout_days": 1}
    Study.objects.filter(pk=cast.study.pk).update(protocol=protocol)
    said, passed = verify(cast.study)
    assert not passed
    assert "Frozen protocol: DOES NOT match" in said


def test_a_moved_session_boundary_is_found(cast: Cast) -> None:
    session = Session.objects.filter(study=cast.study).first()
    Session.objects.filter(pk=session.pk).update(size=session.size - 1)
    said, passed = verify(cast.study)
    assert not passed
    assert "1 sessions are not as drawn" in said


def test_another_image_for_a_read_is_found(cast: Cast) -> None:
    read = Read.objects.filter(reader__study=cast.study).first()
    Read.objects.filter(pk=read.pk).update(image_sha256="0" * 64)
    said, passed = verify(cast.study)
    assert not passed
    assert "1 reads show another image than the protocol's" in said


def forbidden(study: Study) -> set[str]:
    cases = study.cohort.cases.values_list("code", flat=True)
    arms = study.arms.values_list("code", "title", "method")
    return {study.seed, *cases, *(word for arm in arms for word in arm)}


@pytest.mark.parametrize("tampered", [False, True])
def test_before_unblinding_only_counts_are_told(cast: Cast, tampered: bool) -> None:
    if tampered:
        swap_cases(cast.study)
        Read.objects.filter(reader__study=cast.study).last().delete()
    said, passed = verify(cast.study)
    assert passed is not tampered
    assert not [word for word in forbidden(cast.study) if word in said]


def test_after_unblinding_the_differences_are_named(cast: Cast) -> None:
    first, _ = swap_cases(cast.study)
    Study.objects.filter(pk=cast.study.pk).update(state=UNBLINDED)
    said, _ = verify(cast.study)
    assert f"reader {first.reader.code}, position {first.position}: drawn" in said
    assert f"case {first.case.code}" in said


def test_a_draft_and_a_missing_study_are_refused_in_words(make_draft) -> None:
    said, passed = verify(make_draft(slug="not-yet"))
    assert not passed
    assert "no plan is drawn yet" in said
    assert "There is no study “nowhere”" in verify(Study(slug="nowhere"))[0]


def test_the_seed_is_published_at_unblinding_and_not_before(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.coordinator)
    address = reverse("reading:study-detail", args=[cast.study.slug])
    for state, told in (("open", False), ("closed", False), ("unblinded", True)):
        Study.objects.filter(pk=cast.study.pk).update(state=state)
        page = client.get(address).content.decode()
        assert cast.study.seed_sha256 in page
        assert (cast.study.seed in page) is told
        assert ("verify_schedule" in page) is told
