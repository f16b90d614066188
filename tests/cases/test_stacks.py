"""Cohorts of whole stacks: CT in Hounsfield units, a reference and an input a case."""

import base64
import re
from dataclasses import replace
from io import BytesIO, StringIO

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from readerstudy.cases import selectors, services
from readerstudy.cases.manifest import read_manifest
from readerstudy.cases.models import Cohort, Rendition, Series, Upload
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import IMAGE_TO_IMAGE
from tests.imaging.objects import write
from tests.imaging.volumes import slices

from .stacks import (
    SHAPE,
    body,
    case_of,
    looked_through,
    noisy,
    picture,
    write_ct,
    write_ct_pair,
    zipped,
)

pytestmark = pytest.mark.django_db


def scan(path, **changes):
    return services.cohort_scan(path, study_type=IMAGE_TO_IMAGE, **changes)


@pytest.fixture
def sent(tmp_path):
    for seed, patient in enumerate(("Abe-1", "Baba-2")):
        write_ct_pair(tmp_path / "sent", patient, seed=seed)
    return tmp_path / "sent"


@pytest.fixture
def cohort(sent, coordinator) -> Cohort:
    return services.cohort_import(
        plan=scan(sent), name="Low dose", coordinators=[coordinator]
    )


def test_the_full_dose_is_the_reference_and_no_pixel_is_resampled(sent):
    plan = scan(sent)
    assert (len(plan.pairs), plan.singles, plan.left_out) == (2, (), ())
    for pair in plan.pairs:
        assert pair.certain
        assert pair.notes == ()
        assert pair.parity.findings == ()
        assert pair.reference.description == "Full dose"
        assert (pair.reference.exposure_mas, pair.short.exposure_mas) == (200, 50)
        assert pair.reference.shape == SHAPE
        assert pair.reference.spacing_mm == (3.0, 0.8, 0.8)
        assert pair.reference.resampled_from is None
        assert (pair.reference.unit, pair.central_slice) == ("HU", 1)


def test_the_whole_stack_is_stored_in_hounsfield_units(cohort):
    assert cohort.study_type == IMAGE_TO_IMAGE
    case = case_of(cohort, body(0))
    reference, short = case.renditions.order_by("method")
    assert (reference.method, short.method) == ("reference", "short")
    with short.values.open("rb") as file:
        stored = np.load(BytesIO(file.read()))
    assert stored.dtype == np.int16
    np.testing.assert_array_equal(stored, noisy(body(0), seed=100))
    assert selectors.rendition_values(short).dtype == np.float32
    series = case.series.get(role=Series.Role.SHORT)
    assert (series.unit, series.modality) == ("HU", "CT")
    assert series.binding_ratio_left is None
    np.testing.assert_array_equal(selectors.series_volume(series).counts, stored)


def test_the_same_files_as_dat_spect_are_cut_as_before(sent):
    plan = services.cohort_scan(sent)
    assert plan.pairs == ()
    assert {one.series.unit for one in plan.singles} == {"counts"}


def test_one_slice_is_a_stack(tmp_path, coordinator):
    values = body(shape=(1, 40, 48))
    for name, pixels in (("reference", values), ("input", noisy(values))):
        write_ct(tmp_path / name, pixels, patient="Abe", study="1.2", description=name)
    plan = scan(tmp_path)
    assert len(plan.pairs) == 1
    cohort = services.cohort_import(plan=plan, name="One", coordinators=[coordinator])
    case = case_of(cohort, values)
    assert case.central_slice == 0


def test_without_description_the_one_of_more_exposure_is_the_reference(tmp_path):
    for name, exposure in (("a", 50), ("b", 200)):
        write_ct(
            tmp_path / name,
            noisy(body(), seed=exposure),
            patient="Abe",
            study="1.2",
            exposure=exposure,
        )
    (pair,) = scan(tmp_path).pairs
    assert (pair.reference.exposure_mas, pair.certain) == (200, True)


def test_what_contradicts_itself_waits_for_a_person(tmp_path):
    for name, exposure in (("low dose", 200), ("full dose", 50)):
        write_ct(
            tmp_path / name,
            noisy(body(), seed=exposure),
            patient="Abe",
            study="1.2",
            description=name,
            exposure=exposure,
        )
    (pair,) = scan(tmp_path).pairs
    assert pair.reference.description == "full dose"
    assert not pair.certain
    assert "more exposure" in pair.notes[0]


def test_two_stacks_that_nothing_tells_apart_are_paired_for_a_person_to_say(tmp_path):
    for name in ("a", "b"):
        write_ct(
            tmp_path / name,
            noisy(body(), seed=ord(name)),
            patient="Abe",
            study="1.2",
        )
    (pair,) = scan(tmp_path).pairs
    assert not pair.certain
    assert "swap" in pair.notes[0]
    with pytest.raises(Refused, match="belong together"):
        services.cohort_import(plan=scan(tmp_path), name="No", coordinators=[])


def test_stacks_of_two_grids_are_no_case(tmp_path):
    write_ct(tmp_path / "a", body(), patient="Abe", study="1.2", description="ref")
    write_ct(
        tmp_path / "b", body()[:, :, 4:], patient="Abe", study="1.2", description="low"
    )
    plan = scan(tmp_path)
    assert plan.pairs == ()
    assert "48×40×3 and 44×40×3" in plan.singles[0].reason


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda values: np.roll(values, 3, axis=2), "offset"),
        (lambda values: values + 100, "level"),
        (lambda values: values[:, :, ::-1], "mirrored"),
        (lambda values: values[:, ::-1], "mirrored"),
    ],
)
def test_a_displaced_mirrored_or_rescaled_input_needs_a_reason(tmp_path, change, kind):
    values = body(shape=(8, 64, 64))
    write_ct(tmp_path / "a", values, patient="Abe", study="1.2", description="ref")
    write_ct(
        tmp_path / "b", change(values), patient="Abe", study="1.2", description="low"
    )
    (pair,) = scan(tmp_path).pairs
    assert kind in {one.kind for one in pair.parity.blocking}


def test_values_without_air_are_doubted(tmp_path):
    for name in ("ref", "low"):
        write_ct(
            tmp_path / name,
            np.maximum(noisy(body(), seed=len(name) + ord(name[0])), 0),
            patient="Abe",
            study="1.2",
            description=name,
        )
    (pair,) = scan(tmp_path).pairs
    assert any("Hounsfield" in note for note in pair.notes)


def test_a_manifest_may_call_the_input_by_its_name(sent):
    lines = "file,case,role\nAbe-1/low,K1,reference\nAbe-1/full,K1,input\n"
    manifest = read_manifest(lines.encode(), name="manifest.csv")
    (pair,) = scan(sent, manifest=manifest).pairs
    assert (pair.code, pair.reference.description) == ("K1", "Low dose")


def test_a_manifest_makes_no_pair_of_hounsfield_units_and_counts(tmp_path):
    write_ct(tmp_path / "ct", body(), patient="Abe", study="1.2")
    counts = (body() + 1024).astype(np.uint16)
    for number, ds in enumerate(slices(counts, pixel_mm=(0.8, 0.8))):
        ds.PatientID, ds.StudyInstanceUID = "Abe", "1.2"
        write(ds, tmp_path / "pet" / f"{number}.dcm")
    lines = "file,case,role\nct,K1,reference\npet,K1,input\n"
    plan = scan(tmp_path, manifest=read_manifest(lines.encode(), name="manifest.csv"))
    assert plan.pairs == ()
    assert {one.reason for one in plan.singles} == {
        "One of the scans is CT and the other PT."
    }


def test_no_slice_of_a_stack_is_chosen(cohort, coordinator):
    case = cohort.cases.first()
    with pytest.raises(Refused, match="no slice is chosen"):
        services.case_set_central_slice(
            case=case, central_slice=0, reason="better", by=coordinator
        )
    assert Rendition.objects.filter(case=case).count() == 2


def test_an_image_of_another_shape_than_the_reference_is_not_stored(cohort):
    case = cohort.cases.first()
    with pytest.raises(ValueError, match=r"\(3, 40, 48\)"):
        services.rendition_save(
            case=case,
            method="wrong",
            values=np.zeros((3, 40, 40), np.float32),
            provenance={},
        )
    made = services.rendition_save(
        case=case, method="half", values=np.full(SHAPE, 0.5, np.float32), provenance={}
    )
    assert selectors.rendition_values(made).max() == 0.5


def test_there_is_no_study_type_of_another_name(sent):
    with pytest.raises(Refused, match="no study type “x-ray”"):
        services.cohort_scan(sent, study_type="x-ray")


def test_a_plan_is_kept_and_read_again_as_it_was(sent):
    plan = scan(sent)
    again = type(plan).from_json(plan.to_json(), folder=plan.folder)
    assert again == replace(plan, manifest=None)
    assert again.study_type == IMAGE_TO_IMAGE


def test_a_coordinator_chooses_the_study_type_as_files_are_sent(
    browser, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        file = SimpleUploadedFile("cohort.zip", zipped(sent))
        data = {"name": "Low dose", "files": [file], "study_type": IMAGE_TO_IMAGE}
        confirm = browser.post("/cohorts/upload/", data).headers["Location"]
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(confirm, {"name": "Low dose"}).status_code == 302
    cohort = Cohort.objects.get()
    assert (cohort.study_type, cohort.cases.count()) == (IMAGE_TO_IMAGE, 2)


def test_the_script_of_the_page_says_it_too(browser):
    def value(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    def begin(study_type: str):
        told_of = f"name {value('Low dose')},study_type {value(study_type)}"
        return browser.post(
            "/cohorts/uploads/files/",
            headers={
                "Tus-Resumable": "1.0.0",
                "Upload-Length": "10",
                "Upload-Metadata": told_of,
            },
        )

    assert begin(IMAGE_TO_IMAGE).status_code == 201
    assert Upload.objects.get().study_type == IMAGE_TO_IMAGE
    wrong = begin("x-ray")
    assert (wrong.status_code, Upload.objects.count()) == (422, 1)
    assert "x-ray" in wrong.content.decode()


def test_what_a_scanner_sent_becomes_what_its_coordinator_says(
    browser, sent, django_capture_on_commit_callbacks
):
    upload = services.receiving_open(user=None, origin="node", peer="CT_1")
    for path in sorted(sent.rglob("*.dcm")):
        name = str(path.relative_to(sent))
        services.file_add(upload=upload, name=name, content=path.read_bytes())
    data = {"name": "Low dose", "study_type": IMAGE_TO_IMAGE}
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"/cohorts/uploads/{upload.pk}/take/", data)
    upload.refresh_from_db()
    assert (upload.state, upload.study_type) == ("ready", IMAGE_TO_IMAGE)
    plan = services.uploads.upload_plan(upload)
    assert (len(plan.pairs), plan.study_type) == (2, IMAGE_TO_IMAGE)


def test_the_command_takes_the_study_type(sent, coordinator):
    call_command(
        *("import_cohort", str(sent), "--name", "Low dose"),
        *("--type", IMAGE_TO_IMAGE, "--coordinator", "coordinator"),
        stdout=StringIO(),
    )
    assert Cohort.objects.get().study_type == IMAGE_TO_IMAGE


@pytest.fixture
def upload(coordinator, sent) -> Upload:
    return looked_through(sent, name="Low dose", user=coordinator)


def test_the_page_of_the_pairs_speaks_of_inputs(browser, upload):
    page = browser.get(f"/cohorts/uploads/{upload.pk}/").content.decode()
    assert "Input" in page
    assert "200 and 50 mAs" in page
    assert "CT, HU · 48×40×3 · 200 mAs" in page
    assert "Short" not in page
    assert "3.29 mm" not in page
    assert "central slice" not in page


def test_scans_that_wait_are_seen_in_the_window_of_their_unit(browser, upload):
    (pair, _) = services.uploads.upload_plan(upload).pairs
    address = f"/cohorts/uploads/{upload.pk}/scans/{pair.reference.number}.png"
    seen = picture(browser.get(address, {"slice": 1, "unit": "HU"}))
    assert seen.shape == (128, 384)
    # air is black, 40 HU in a window from −160 to 240 half grey, bone white
    assert (seen[0, 0], seen.max()) == (0, 255)
    assert browser.get(address, {"slice": 3, "unit": "HU"}).status_code == 404


def test_two_scans_are_swapped_by_hand(browser, upload):
    (pair, _) = services.uploads.upload_plan(upload).pairs
    act = {"act": "swap", "reference": pair.reference.number}
    act["short"] = pair.short.number
    browser.post(f"/cohorts/uploads/{upload.pk}/pairs/", act)
    (swapped, _) = services.uploads.upload_plan(upload).pairs
    assert swapped.reference == pair.short
    assert swapped.certain


def test_the_cohort_is_seen_in_a_window_that_a_person_chooses(browser, cohort):
    page = browser.get(f"/cohorts/{cohort.pk}/").content.decode()
    assert "window=soft-tissue" in page
    assert "48×40×3" in page
    assert not re.search(r"\bSBR\b", page)  # a token may hold three letters
    assert "no binding ratio" not in page
    lung = browser.get(f"/cohorts/{cohort.pk}/", {"window": "lung"}).content.decode()
    assert "strip.png?v=" in lung
    assert "&amp;window=lung" in lung


def test_the_case_is_seen_slice_by_slice(browser, cohort):
    case = case_of(cohort, body(0))
    address = f"/cohorts/{cohort.pk}/cases/{case.code}/"
    page = browser.get(address).content.decode()
    assert "A stack of 3 slices" in page
    assert "input" in page
    assert "Choose another slice" not in page
    assert page.count("/cohorts/previews/") == 6
    near = browser.get(address, {"slice": "1", "window": "bone"}).content.decode()
    assert near.count("/cohorts/previews/") == 4
    assert "&amp;window=bone" in near
    assert 'rel="prev"' not in near
    for none in ("9" * 5000, "-1", "4", "middle"):
        beyond = browser.get(address, {"slice": none}).content.decode()
        assert beyond.count("/cohorts/previews/") == 6


def test_each_window_shows_what_it_is_for(browser, cohort):
    reference = case_of(cohort, body(0)).renditions.get(method="reference")
    address = f"/cohorts/previews/{reference.pk}/1.png"
    soft, lung = (
        picture(browser.get(address, {"window": name})) for name in ("brain", "lung")
    )
    assert soft.shape == (213, 256)
    values = body(0)[1]
    dark = np.count_nonzero(values <= 0) / values.size
    assert np.mean(soft == 0) == pytest.approx(dark, abs=0.08)
    assert np.mean(lung == 0) < 0.01
    assert picture(
        browser.get(f"/cohorts/previews/{reference.pk}/strip.png")
    ).shape == (
        128,
        640,
    )
    assert browser.get(f"/cohorts/previews/{reference.pk}/3.png").status_code == 404


def test_programs_are_told_what_pages_say(browser, cohort):
    plain = browser.get(f"/api/v1/cohorts/{cohort.pk}/").json()
    assert plain["study_type"] == IMAGE_TO_IMAGE
    case = browser.get(f"/api/v1/cohorts/{cohort.pk}/cases/").json()["results"][0]
    assert (case["central_rule"], case["reference"]["unit"]) == ("middle", "HU")
    code = case["code"]
    more = browser.get(f"/api/v1/cohorts/{cohort.pk}/cases/{code}/").json()
    assert more["stored_slices"] == [1, 2, 3]
    seen = browser.get(
        f"/api/v1/cohorts/{cohort.pk}/cases/{code}/images/short.png",
        {"window": "bone"},
    )
    assert picture(seen).shape == (128, 640)
