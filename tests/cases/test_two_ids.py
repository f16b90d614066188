"""A patient under two ids: either of them finds the patient again, everywhere."""

import csv
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from readerstudy.cases import services
from readerstudy.cases.digests import patient_digest
from readerstudy.cases.manifest import read_manifest
from readerstudy.cases.models import Case, Cohort
from readerstudy.cases.selectors import patients_of
from readerstudy.cases.services import pairing
from readerstudy.cases.splits import Sizes
from readerstudy.imaging.errors import Refused
from tests.factory import make_cohort
from tests.imaging.objects import head, nuclear_object, write

from .conftest import REFERENCE_MS, SHORT_MS
from .scans import LONG, SHORT, again, both_scans, scanned, waiting_upload
from .scans import head as any_head

pytestmark = pytest.mark.django_db


def write_two_ids(folder: Path, number: int, *ids: str) -> None:
    """A head of its own; reference and short scan of these ids."""
    for name, patient, frame_ms, scale in zip(
        ("long", "short"), ids, (REFERENCE_MS, SHORT_MS), (5.0, 1.0), strict=True
    ):
        frames = head(hot_slice=3 + number, scale=scale)[::-1]
        ds = nuclear_object(
            frames, patient=patient, study=f"1.2.{patient}", frame_ms=frame_ms
        )
        write(ds, folder / str(number) / name)


def manifest(*lines: str):
    text = "\n".join(["file,case,role,split", *lines])
    return read_manifest(text.encode(), name="m.csv")


@pytest.fixture
def sent(tmp_path) -> Path:
    """A pair under two ids, whose second one also bears a pair of its own."""
    write_two_ids(tmp_path / "sent", 0, "101", "202")
    write_two_ids(tmp_path / "sent", 1, "202", "202")
    write_two_ids(tmp_path / "sent", 2, "303", "303")
    return tmp_path / "sent"


def of_all(*parts: str) -> tuple[str, ...]:
    """Lines for `sent`: case K0 of part parts[0], …"""
    return tuple(
        f"{number}/{name},K{number},{role},{part}"
        for number, part in enumerate(parts)
        for name, role in (("long", "reference"), ("short", "short"))
    )


def test_the_case_knows_both_ids_and_says_so(sent):
    plan = services.cohort_scan(sent, manifest=manifest(*of_all("", "", "")))
    assert plan.pairs[0].notes == ("The two scans bear two patient ids.",)
    assert plan.pairs[1].notes == ()
    cohort = services.cohort_import(plan=plan, name="Two ids", coordinators=[])
    first, second, _third = cohort.cases.all()
    assert first.patient_digest == patient_digest("101")
    assert first.second_patient_digest == patient_digest("202")
    assert first.patient_digests == (patient_digest("101"), patient_digest("202"))
    assert (second.patient_digest, second.second_patient_digest) == (
        patient_digest("202"),
        "",
    )
    assert second.patient_digests == (patient_digest("202"),)


def test_a_swapped_pair_has_the_id_of_its_new_reference_first(coordinator):
    (long, image), (short, noisy) = both_scans(0)
    upload = waiting_upload(
        coordinator, (long, image), (replace(short, patient="other"), noisy)
    )
    (pair,) = pairing.pair_swap(upload=upload, reference=0, short=1).pairs
    assert pair.patients == ("other", "p0")


def test_a_pair_made_by_hand_of_two_ids_says_so(coordinator):
    scans = [
        (again(scan, 4 + n, patient=f"x{n}", study=f"x{n}"), counts)
        for n, (scan, counts) in enumerate(
            ((LONG, scanned(any_head(1), seed=1, scale=5)), (SHORT, any_head(2)))
        )
    ]
    upload = waiting_upload(coordinator, *scans)
    (pair,) = pairing.pair_make(upload=upload, reference=4, short=5).pairs
    assert pair.notes[:2] == (
        pairing.PAIRED_BY_HAND,
        "The two scans bear two patient ids.",
    )


def test_one_patient_twice_is_noticed_by_the_second_id(sent):
    plan = services.cohort_scan(sent, manifest=manifest(*of_all("", "", "")))
    assert plan.warnings == (
        "Cases K0, K1 are examinations of one patient; they are not independent.",
    )


def test_a_manifest_may_not_part_a_patient_by_either_id(sent):
    lines = of_all("training", "test", "test")
    with pytest.raises(Refused) as refusal:
        services.cohort_scan(sent, manifest=manifest(*lines))
    assert str(refusal.value) == (
        "m.csv, line 4, column “split”: Cases K1 and K0 are examinations of one "
        "patient, who must be in one part."
    )
    for parts in (("test", "test", "training"), ("", "test", "training")):
        plan = services.cohort_scan(sent, manifest=manifest(*of_all(*parts)))
        assert [pair.split for pair in plan.pairs] == list(parts)


@pytest.fixture
def cohort(coordinator) -> Cohort:
    """C001 and C006 share no id: C003 bears both of theirs."""
    cohort = make_cohort(cases_wanted=8, coordinators=[coordinator], methods=[])
    first, last = (cohort.cases.get(code=code) for code in ("C001", "C006"))
    cohort.cases.filter(code="C003").update(
        patient_digest=last.patient_digest,
        second_patient_digest=first.patient_digest,
    )
    return cohort


def test_cases_that_either_id_connects_come_into_one_part(cohort):
    for seed in range(12):
        services.cohort_divide(cohort=cohort, sizes=Sizes(4, 1, 3), seed=str(seed))
        parts = dict(cohort.cases.values_list("code", "split"))
        assert len({parts[code] for code in ("C001", "C003", "C006")}) == 1, seed


def test_sizes_that_would_take_a_patient_of_two_ids_apart_are_refused(cohort):
    Case.objects.filter(code__in=["C002", "C004", "C005", "C007", "C008"]).delete()
    with pytest.raises(Refused, match="one patient apart"):
        services.cohort_divide(cohort=cohort, sizes=Sizes(2, 0, 1), seed="a")


def test_patients_are_told_apart_by_all_their_ids(cohort):
    patients = patients_of(cohort.cases.all())
    codes = dict(cohort.cases.values_list("code", "pk"))
    same = {patients[codes[code]] for code in ("C001", "C003", "C006")}
    assert len(same) == 1
    assert len(set(patients.values())) == 6


def test_the_csv_has_both_digests(browser, cohort):
    answer = browser.get(f"/cohorts/{cohort.pk}/cases.csv")
    lines = csv.DictReader(StringIO(b"".join(answer).decode()))
    found = {
        line["case"]: (line["patient_digest"], line["second_patient_digest"])
        for line in lines
    }
    assert found["C003"] == ("Phantoms-6", "Phantoms-1")
    assert found["C001"] == ("Phantoms-1", "")
