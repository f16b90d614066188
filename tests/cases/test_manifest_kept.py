"""A manifest goes on deciding while its cohort waits for a person."""

import shutil
from pathlib import Path

import pytest

from readerstudy.cases import services
from readerstudy.cases.manifest import read_manifest
from readerstudy.cases.matching.pairing import NOT_NAMED
from readerstudy.cases.models import Upload
from readerstudy.cases.plan import CohortPlan
from readerstudy.cases.services import pairing, uploads
from tests.imaging.objects import head, nuclear_object, write

from .conftest import REFERENCE_MS, SHORT_MS, reasons, send_files

pytestmark = pytest.mark.django_db

# The long scan of C001, whose pixels are the larger, is called the short one.
MANIFEST = """file,case,role,split
large/long,C001,short,test
large/short,C001,reference,test
plain/long,N-7,reference,training
plain/short,N-7,short,training
gone,N-9,short,
"""
IN_VAIN = (
    "manifest.csv names scans that were not found or could not be read, the first in "
    "line 6 (1 in all)."
)


@pytest.fixture
def upload(tmp_path, coordinator, django_capture_on_commit_callbacks) -> Upload:
    """Two cases that a manifest names, one of other pixels, and two that it does not
    name: of 3.29 mm and of others."""
    folder = tmp_path / "sent"
    for patient, (size, pixel_mm) in {
        "large": (80, 4.1),
        "plain": (72, 3.29),
        "unnamed": (72, 3.29),
        "unnamed-large": (80, 4.1),
    }.items():
        for name, frame_ms, scale in (
            ("long", REFERENCE_MS, 5),
            ("short", SHORT_MS, 1),
        ):
            frames = head(scale=scale, size=size)
            frames[:, 0, 0] = sum(patient.encode()) % 97
            ds = nuclear_object(
                frames[::-1],
                patient=f"{patient}-1",
                study=f"1.2.{sum(patient.encode())}",
                frame_ms=frame_ms,
                pixel_mm=(pixel_mm, pixel_mm),
            )
            write(ds, folder / patient / name)
    (folder / "gone").write_text("no scan")
    (folder / "manifest.csv").write_text(MANIFEST)
    with django_capture_on_commit_callbacks(execute=True):
        archive = shutil.make_archive(str(tmp_path / "sent"), "zip", folder)
        upload = send_files(coordinator, "Named", Path(archive))
    upload.refresh_from_db()
    return upload


def plan_of(upload: Upload) -> CohortPlan:
    return uploads.upload_plan(upload)


def cases(plan: CohortPlan) -> dict[str, tuple[str, str, str]]:
    return {
        pair.code: (pair.reference.name, pair.short.name, pair.split)
        for pair in plan.pairs
    }


PLAIN = {"N-7": ("plain/long", "plain/short", "training")}


def test_pairs_that_are_taken_later_are_the_manifests_too(upload):
    assert cases(plan_of(upload)) == PLAIN
    plan = pairing.plan_set_resampling(upload=upload, resampling=True)
    assert cases(plan) == PLAIN | {"C001": ("large/short", "large/long", "test")}
    assert reasons(plan)["unnamed/long"] == NOT_NAMED
    assert reasons(plan)["unnamed-large/long"] == NOT_NAMED
    again = pairing.plan_set_resampling(upload=upload, resampling=False)
    assert cases(again) == PLAIN
    assert cases(pairing.plan_set_resampling(upload=upload, resampling=True)) == (
        cases(plan)
    )


def test_what_the_manifest_names_in_vain_is_told_after_a_correction_too(upload):
    assert plan_of(upload).warnings == (IN_VAIN,)
    numbers = plan_of(upload).pairs[0].numbers
    plan = pairing.pair_swap(upload=upload, reference=numbers[0], short=numbers[1])
    assert plan.warnings == (IN_VAIN,)


def test_codes_that_somebody_wrote_down_stay_and_no_other_case_gets_them(upload):
    numbers = {
        single.series.name: single.series.number for single in plan_of(upload).singles
    }
    pairing.pair_make(
        upload=upload, reference=numbers["unnamed/long"], short=numbers["unnamed/short"]
    )
    plan = pairing.plan_set_resampling(upload=upload, resampling=True)
    assert {code: pair[0] for code, pair in cases(plan).items()} == {
        "C001": "large/short",
        "C002": "unnamed/long",
        "N-7": "plain/long",
    }
    first = next(pair for pair in plan.pairs if pair.code == "C001")
    plan = pairing.pair_drop(
        upload=upload, reference=first.reference.number, short=first.short.number
    )
    assert sorted(cases(plan)) == ["C002", "N-7"]


def test_a_manifest_lies_sealed(upload):
    content = uploads.plan_path(upload).read_bytes()
    for word in (b"manifest", b"plain/long", b'"N-7"'):
        assert word not in content
    assert plan_of(upload).manifest["rows"][0]["file"] == "large/long"


def test_a_plan_of_an_earlier_version_keeps_its_codes(upload):
    plain = plan_of(upload).to_json()
    del plain["manifest"]
    plan = CohortPlan.from_json(plain, folder=plan_of(upload).folder)
    uploads.plan_keep(upload, plan)
    numbers = plan.pairs[0].numbers
    pairing.pair_swap(upload=upload, reference=numbers[0], short=numbers[1])
    assert list(cases(plan_of(upload))) == ["N-7"]


def test_what_was_read_of_a_manifest_is_the_same_from_plain_values():
    read = read_manifest(MANIFEST.encode(), name="m.csv", folder="in/")
    read.assign(7, files=["in/large/long"], uids=(), patient="x")
    kept = type(read).from_json(read.to_json())
    assert kept.to_json() == read.to_json()
    assert kept.of(7) == read.rows[0]
    assert kept.unused == list(read.rows[1:])
    assert kept.codes == {"C001", "N-7", "N-9"}
    assert (kept.name, kept.folder) == ("m.csv", "in/")


def test_dropped_cases_leave_no_gap_in_the_codes_of_the_platform(
    folder, coordinator, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        upload = services.receiving_open(
            user=coordinator, origin=Upload.Origin.BROWSER, name="First"
        )
        for path in files:
            services.file_add(
                upload=upload,
                name=str(path.relative_to(folder)),
                content=path.read_bytes(),
            )
        services.receiving_finish(upload=upload, name="First", by=coordinator)
    first, second, third = plan_of(upload).pairs
    reference, short = first.numbers
    plan = pairing.pair_drop(upload=upload, reference=reference, short=short)
    assert [(pair.code, pair.numbers) for pair in plan.pairs] == [
        ("C001", second.numbers),
        ("C002", third.numbers),
    ]
    plan = pairing.pair_make(upload=upload, reference=reference, short=short)
    assert [(pair.code, pair.numbers) for pair in plan.pairs] == [
        ("C001", second.numbers),
        ("C002", third.numbers),
        ("C003", first.numbers),
    ]
