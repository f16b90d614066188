"""Stacks of which a person says that there is no reference: each is a case."""

import shutil
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from readerstudy.audit.models import AuditEvent
from readerstudy.cases import selectors, services
from readerstudy.cases.manifest import read_manifest
from readerstudy.cases.matching.pairing import BY_A_PERSON
from readerstudy.cases.models import Cohort, Series, Upload
from readerstudy.cases.plan import Single
from readerstudy.cases.services import pairing, uploads
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import IMAGE_TO_IMAGE

from .stacks import SHAPE, body, looked_through, noisy, write_ct, write_ct_pair

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(tmp_path):
    """Two patients, one stack each."""
    for seed, patient in enumerate(("Abe-1", "Baba-2")):
        write_ct(
            tmp_path / "sent" / patient,
            noisy(body(seed)),
            patient=patient,
            study=f"1.2.{seed}",
        )
    return tmp_path / "sent"


def scan(path, **changes):
    return services.cohort_scan(path, study_type=IMAGE_TO_IMAGE, **changes)


@pytest.fixture
def upload(coordinator, sent) -> Upload:
    return looked_through(sent, name="Alone", user=coordinator)


def numbers_of(upload: Upload) -> list[int]:
    return [one.series.number for one in uploads.upload_plan(upload).singles]


def many_singles(upload: Upload, number: int) -> None:
    """As if so many scans without a partner had been sent."""
    plan = uploads.upload_plan(upload)
    (one, *_) = plan.singles
    many = (
        Single(replace(one.series, number=at, patient=f"{at}", instances=f"{at}"), why)
        for at, why in enumerate([one.reason] * number)
    )
    uploads.plan_keep(upload, replace(plan, singles=tuple(many)))


def act(browser, upload, **values) -> str:
    address = reverse("cases:pairing-update", args=[upload.pk])
    return browser.post(address, values, follow=True).content.decode()


def test_a_stack_alone_is_no_case_until_a_person_says_so(sent):
    plan = scan(sent)
    assert (plan.pairs, len(plan.singles)) == ((), 2)
    plan = scan(sent, without_reference=True)
    assert [pair.code for pair in plan.pairs] == ["C001", "C002"]
    assert plan.singles == ()
    assert {pair.reference for pair in plan.pairs} == {None}
    assert type(plan).from_json(plan.to_json(), folder=plan.folder).pairs == plan.pairs


def test_the_cohort_has_the_input_alone_and_its_shape(sent, coordinator):
    plan = scan(sent, without_reference=True)
    cohort = services.cohort_import(
        plan=plan, name="Alone", coordinators=[coordinator], by=coordinator
    )
    assert selectors.cohort_methods(cohort) == {"short": 2}
    case = cohort.cases.first()
    assert [one.role for one in case.series.all()] == [Series.Role.SHORT]
    assert case.parity == {}
    assert len(selectors.stored_slices(case)) == SHAPE[0]
    assert list(selectors.cases_unreferenced(cohort.cases.all())) == list(
        cohort.cases.all()
    )
    event = AuditEvent.objects.get(action="cohort.import")
    assert event.after["without_reference"] == 2
    services.rendition_save(
        case=case, method="made", values=np.zeros(SHAPE, np.float32), provenance={}
    )
    with pytest.raises(ValueError, match=r"\(3, 40, 48\)"):
        services.rendition_save(
            case=case,
            method="cut",
            values=np.zeros((3, 8, 8), np.float32),
            provenance={},
        )


def test_cases_with_and_without_a_reference_may_be_of_one_cohort(sent):
    write_ct_pair(sent, "Chiba-3", seed=3)
    pairs = scan(sent, without_reference=True).pairs
    assert sorted(pair.reference is None for pair in pairs) == [False, True, True]


def test_dat_spect_still_needs_a_reference(sent, coordinator):
    with pytest.raises(Refused, match="has a reference"):
        services.cohort_scan(sent, without_reference=True)
    with pytest.raises(CommandError, match="has a reference"):
        call_command(
            *("import_cohort", str(sent), "--name", "No", "--without-reference"),
            stdout=StringIO(),
        )


def test_the_command_says_it_of_a_whole_cohort(sent):
    said = StringIO()
    call_command(
        *("import_cohort", str(sent), "--name", "Alone", "--without-reference"),
        *("--type", IMAGE_TO_IMAGE),
        stdout=said,
    )
    assert "reference  none" in said.getvalue()
    assert Cohort.objects.get().cases.count() == 2


def test_a_manifest_says_it_by_naming_the_input_alone(sent):
    lines = "file,case,role,split\nAbe-1,K1,input,test\nBaba-2,K2,reference,test\n"
    manifest = read_manifest(lines.encode(), name="manifest.csv")
    plan = scan(sent, manifest=manifest)
    (pair,) = plan.pairs
    assert (pair.code, pair.reference, pair.split) == ("K1", None, "test")
    assert "two scans" in plan.singles[0].reason, "a reference alone is no case"
    dat = services.cohort_scan(sent, manifest=manifest)
    assert dat.pairs == ()


def test_a_manifest_may_name_each_file_of_an_input(sent):
    files = sorted((sent / "Abe-1").rglob("*.dcm"))
    assert len(files) > 1
    named = "".join(f"{one.relative_to(sent)},K1,input\n" for one in files)
    manifest = read_manifest(f"file,case,role\n{named}".encode(), name="manifest.csv")
    (pair,) = scan(sent, manifest=manifest).pairs
    assert (pair.code, pair.reference) == ("K1", None)


@pytest.mark.parametrize("lost", ["damaged", "duplicate"])
def test_a_reference_that_a_manifest_names_and_that_is_lost_is_missed(tmp_path, lost):
    sent, values = tmp_path / "sent", body(0)
    write_ct(sent / "inp", noisy(values), patient="Abe", study="1.2.0")
    if lost == "duplicate":
        shutil.copytree(sent / "inp", sent / "ref")
    else:
        write_ct(sent / "ref", values, patient="Abe", study="1.2.0")
        for file in (sent / "ref").iterdir():
            file.write_bytes(file.read_bytes()[:300])
    lines = "file,case,role\ninp,C1,input\nref,C1,reference\n"
    (sent / "manifest.csv").write_text(lines)
    plan = scan(sent)
    assert plan.pairs == (), "nobody has said that this case has no reference"
    assert "two scans that can be used" in plan.singles[0].reason
    assert plan.warnings, "the line that speaks of no scan is named"


def test_a_scan_that_looks_like_a_reference_is_no_input(sent):
    """Where others' descriptions tell which is the reference, its input is missed."""
    write_ct_pair(sent, "Chiba-3", seed=3)
    write_ct(
        *(sent / "Doi-4", body(4)), patient="Doi-4", study="1.4", description="Full"
    )
    plan = scan(sent, without_reference=True)
    assert sum(pair.reference is None for pair in plan.pairs) == 2
    assert ["input is missing" in one.reason for one in plan.singles] == [True]


def test_what_its_description_calls_a_reference_is_taken_with_a_note(tmp_path):
    """Where no pair tells what descriptions mean, "routine" may be anything."""
    write_ct(
        *(tmp_path / "Abe-1", body(0)),
        patient="Abe-1",
        study="1.2",
        description="Routine chest",
    )
    (pair,) = scan(tmp_path, without_reference=True).pairs
    assert "By its description it is a reference." in " ".join(pair.notes)


def test_none_has_a_reference_is_not_said_of_what_is_single_for_another_reason(
    browser, upload
):
    """Of two patients' scans one was dropped: it stays so. A refused pair's halves
    are one patient, who would become two cases."""
    plan = uploads.upload_plan(upload)
    one, other = plan.singles
    halves = [
        Single(replace(one.series, number=at), "They do not fit.") for at in (70, 80)
    ]
    dropped = Single(replace(one.series, number=90), BY_A_PERSON)
    uploads.plan_keep(upload, replace(plan, singles=(one, other, *halves, dropped)))
    page = browser.get(reverse("cases:cohort-confirm", args=[upload.pk]))
    assert "None of the 2 scans without a partner" in page.content.decode()
    act(browser, upload, act="alone", all_of=2)
    plan = uploads.upload_plan(upload)
    assert {pair.short.number for pair in plan.pairs} == {
        one.series.number,
        other.series.number,
    }
    assert [single.series.number for single in plan.singles] == [70, 80, 90]
    act(browser, upload, act="alone", scans=[90])
    assert len(uploads.upload_plan(upload).pairs) == 3, "ticked, a person wants it"


def test_more_scans_than_a_form_has_fields_become_cases(browser, upload):
    many_singles(upload, 1100)
    address = reverse("cases:cohort-confirm", args=[upload.pk])
    first, last = (
        browser.get(f"{address}?singles={number}").content.decode() for number in (1, 3)
    )
    # all may be ticked; of the choices of a pair one each is sent
    ticks = [page.count('type="checkbox" name="scans"') for page in (first, last)]
    assert ticks == [500, 100]
    assert first.count('type="hidden"') < 50, "all of them are one value"
    said = act(browser, upload, act="alone", all_of=1099)
    assert "changed" in said
    assert uploads.upload_plan(upload).pairs == ()
    said = act(browser, upload, act="alone", all_of=1100)
    assert "(1100 pairs)" in said
    assert uploads.upload_plan(upload).singles == ()


def test_the_only_slice_of_an_input_alone_is_shown_large(
    browser, coordinator, tmp_path
):
    values = noisy(body(0, shape=(1, *SHAPE[1:])))
    write_ct(tmp_path / "one", values, patient="Abe-1", study="1.2")
    cohort = services.cohort_import(
        plan=scan(tmp_path, without_reference=True),
        name="One",
        coordinators=[coordinator],
    )
    page = browser.get(f"/cohorts/{cohort.pk}/").content.decode()
    assert 'class="strip one"' in page
    assert 'width="640"' not in page


def test_a_coordinator_says_it_of_each_scan_on_the_page(
    browser, upload, django_capture_on_commit_callbacks
):
    one, other = numbers_of(upload)
    page = browser.get(reverse("cases:cohort-confirm", args=[upload.pk]))
    assert 'value="alone"' in page.content.decode()
    said = act(browser, upload, act="alone")
    assert "Please tick the scans that have no reference." in said
    said = act(browser, upload, act="alone", scans=[one])
    assert "Scans became cases that have no reference. (1 pair)" in said
    assert "A person says that there is no reference" in said
    assert 'value="swap"' not in said
    said = act(browser, upload, act="drop", reference=one, short=one)
    assert uploads.upload_plan(upload).pairs == ()
    act(browser, upload, act="alone", scans=[one, other])
    with django_capture_on_commit_callbacks(execute=True):
        confirm = reverse("cases:cohort-confirm", args=[upload.pk])
        assert browser.post(confirm, {"name": "Alone"}).status_code == 302
    cohort = Cohort.objects.get()
    assert cohort.cases.count() == 2
    page = browser.get(f"/cohorts/{cohort.pk}/").content.decode()
    assert "48×40×3" in page
    assert "no reference" in page
    code = cohort.cases.first().code
    page = browser.get(f"/cohorts/{cohort.pk}/cases/{code}/").content.decode()
    assert "A stack of 3 slices" in page
    assert "has said that there is no reference" in page
    case = browser.get(f"/api/v1/cohorts/{cohort.pk}/cases/{code}/").json()
    assert (case["reference"], case["short"]["unit"]) == (None, "HU")
    slice_ = browser.get(f"/api/v1/cohorts/{cohort.pk}/cases/{code}/slices/2.png")
    assert slice_["Content-Type"] == "image/png"


def test_a_program_says_it_too(browser, upload):
    address = f"/api/v1/uploads/{upload.pk}/plan/"
    one, _other = numbers_of(upload)
    told = browser.post(
        f"{address}singles/alone/", {"scans": [one]}, content_type="application/json"
    )
    assert (told.json()["pairs"], told.json()["singles"]) == (1, 1)
    (pair,) = browser.get(f"{address}pairs/").json()["results"]
    assert (pair["reference"], pair["short"]["number"]) == (None, one)
    assert browser.delete(f"{address}pairs/{one}-{one}/").json()["pairs"] == 0


def test_what_has_no_reference_is_not_swapped_with_one(upload):
    one, _other = numbers_of(upload)
    pairing.cases_make_alone(upload=upload, scans=[one])
    with pytest.raises(Refused, match="no reference to swap"):
        pairing.pair_swap(upload=upload, reference=one, short=one)
    with pytest.raises(Refused, match="have changed"):
        pairing.cases_make_alone(upload=upload, scans=[one])


def test_finished_images_come_to_a_cohort_without_reference(
    sent, coordinator, tmp_path
):
    plan = scan(sent, without_reference=True)
    cohort = services.cohort_import(plan=plan, name="Alone", coordinators=[coordinator])
    made = tmp_path / "made"
    made.mkdir()
    for case in cohort.cases.all():
        image = selectors.rendition_get(case=case, method="short")
        values = selectors.rendition_values(image)
        np.save(made / f"{case.code}.npy", values.astype(np.float32))
    report = services.images.images_import(cohort=cohort, name="ours", path=made)
    assert (report.method, report.cases) == ("result-ours", 2)
    np.save(made / f"{case.code}.npy", values[:, ::-1].astype(np.float32) + 500)
    with pytest.raises(Refused, match="scan of its case"):
        services.images.images_import(cohort=cohort, name="theirs", path=made)
