"""A coordinator looks at every pair before it is imported, and corrects it."""

import re
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from readerstudy.cases import services
from readerstudy.cases.models import Upload
from readerstudy.cases.pages.confirm import PAIRS_A_PAGE
from readerstudy.cases.services import pairing, uploads
from readerstudy.imaging.errors import Refused
from tests.own_database import told_once

from .scans import LONG, SHORT, again, both_scans, head, scanned, waiting_upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload(coordinator) -> Upload:
    """Two plain pairs, one patient under two ids, and a long scan alone."""
    image = head(5)
    strange = [
        (again(LONG, 10, patient="p10", study="s10"), scanned(image, seed=10, scale=5)),
        (again(SHORT, 11, patient="p11", study="s11"), scanned(image, seed=11)),
        (again(LONG, 12, patient="p12"), scanned(head(12), seed=12, scale=5)),
    ]
    return waiting_upload(coordinator, *both_scans(0), *both_scans(1), *strange)


def plan_of(upload: Upload):
    return uploads.upload_plan(upload)


def pairs_of(upload: Upload) -> dict[tuple[int, int], str]:
    return {pair.numbers: pair.code for pair in plan_of(upload).pairs}


def act(browser: Client, upload: Upload, act: str, htmx: bool = False, **values):
    headers = {"HX-Request": "true"} if htmx else {}
    return browser.post(
        reverse("cases:pairing-update", args=[upload.pk]),
        {"act": act, **values},
        headers=headers,
        follow=not htmx,
    ).content.decode()


def page_of(browser: Client, upload: Upload, query: str = "") -> str:
    address = reverse("cases:cohort-confirm", args=[upload.pk])
    return browser.get(f"{address}{query}").content.decode()


def test_every_pair_is_shown_as_two_pictures_with_its_reasons(upload, browser):
    page = page_of(browser, upload)
    assert page.count('<article tabindex="-1" class="pair') == 3
    for number in (0, 1, 2, 3, 10, 11):
        assert f"/scans/{number}.png?slice=16" in page
    assert "5.0 times as long" in page
    assert "5.00 times as many" in page
    assert "two patient ids" in page
    assert "Displacement in the images" in page
    assert "short scan is missing" in page
    assert "It is not a DICOM file." in page


def test_a_picture_is_three_slices_of_the_scan(upload, browser):
    address = reverse("cases:scan-preview", args=[upload.pk, 0])
    answer = browser.get(f"{address}?slice=16")
    assert "no-store" in answer["Cache-Control"]
    picture = np.asarray(Image.open(BytesIO(answer.content)))
    assert picture.shape == (128, 384, 3)
    lower, _, higher = np.hsplit(picture, 3)
    below = Image.open(BytesIO(browser.get(f"{address}?slice=15").content))
    np.testing.assert_array_equal(np.hsplit(np.asarray(below), 3)[1], lower)
    edge = Image.open(BytesIO(browser.get(f"{address}?slice=31").content))
    assert np.hsplit(np.asarray(edge), 3)[2].max() < higher.max() / 10, "no slice there"


@pytest.mark.parametrize(
    ("number", "query"),
    [(0, ""), (0, "?slice=x"), (0, "?slice=-1"), (0, "?slice=32"), (99, "?slice=3")],
)
def test_a_picture_that_cannot_be_is_not_found(upload, browser, number, query):
    address = reverse("cases:scan-preview", args=[upload.pk, number])
    assert browser.get(f"{address}{query}").status_code == 404


def test_a_stranger_finds_neither_pictures_nor_pairs(upload, other_coordinator):
    client = Client()
    client.force_login(other_coordinator)
    picture = reverse("cases:scan-preview", args=[upload.pk, 0])
    assert client.get(f"{picture}?slice=16").status_code == 404
    act_on = reverse("cases:pairing-update", args=[upload.pk])
    values = {"act": "drop", "reference": 0, "short": 1}
    assert client.post(act_on, values).status_code == 404
    assert (0, 1) in pairs_of(upload)


@pytest.mark.parametrize("htmx", [True, False])
def test_a_pair_is_swapped_dropped_and_made_again(upload, browser, htmx):
    page = act(browser, upload, "swap", htmx, reference=0, short=1)
    assert "were swapped" in page
    assert pairs_of(upload)[1, 0] == "C001"
    page = act(browser, upload, "drop", htmx, reference=1, short=0)
    assert "left out by a person" in page
    assert len(pairs_of(upload)) == 2
    page = act(browser, upload, "make", htmx, reference=0, short=1)
    assert "were paired" in page
    assert pairs_of(upload)[0, 1] == "C003"


def test_htmx_gets_the_part_of_the_page_that_has_changed(upload, browser):
    part = act(browser, upload, "swap", htmx=True, reference=0, short=1)
    assert part.lstrip().startswith('<div id="pairing"')
    assert "<html" not in part
    assert 'role="status"' in part


def test_a_swapped_pair_has_its_slice_chosen_on_the_new_reference(coordinator):
    other = {"central-region": 9, "hottest-voxel": 9, "largest-sum": 9}
    (long, image), (short, noisy) = both_scans(0)
    upload = waiting_upload(
        coordinator, (long, image), (replace(short, candidates=other), noisy)
    )
    plan = pairing.pair_swap(upload=upload, reference=0, short=1)
    (pair,) = plan.pairs
    assert pair.central_slice == 9
    assert pair.parity.count_ratio == pytest.approx(0.2)
    assert pairing.SWAPPED in pair.notes
    assert pair.certain
    (pair,) = pairing.pair_swap(upload=upload, reference=1, short=0).pairs
    assert (pair.central_slice, pair.notes) == (16, ())


def test_nothing_is_imported_while_a_pair_is_uncertain(upload, browser):
    confirm = reverse("cases:cohort-confirm", args=[upload.pk])
    page = browser.post(confirm, {"name": "Wanted"}, follow=True).content.decode()
    assert "accept or drop the uncertain pairs first: C0" in page
    upload.refresh_from_db()
    assert upload.state == Upload.State.READY
    assert re.search(r"disabled>\s*Import 3 cases", page)
    page = act(browser, upload, "accept", pairs="10-11")
    assert "Accepted." in page
    assert not re.search(r"disabled>\s*Import 3 cases", page)
    (pair,) = [p for p in plan_of(upload).pairs if p.reference.number == 10]
    assert pair.certain
    assert pair.notes[-1] == pairing.ACCEPTED
    services.upload_confirm(upload=upload, name="Wanted")


def test_a_dropped_uncertain_pair_is_no_obstacle(upload):
    pairing.pair_drop(upload=upload, reference=10, short=11)
    services.upload_confirm(upload=upload, name="Wanted")


def test_all_uncertain_pairs_of_a_page_are_accepted_at_once(coordinator, browser):
    scans = [
        (replace(scan, patient=f"{scan.patient}-{index}"), counts)
        for number in range(3)
        for index, (scan, counts) in enumerate(both_scans(number))
    ]
    upload = waiting_upload(coordinator, *scans)
    assert [pair.certain for pair in plan_of(upload).pairs] == [False] * 3
    page = page_of(browser, upload)
    assert "Accept the 3 uncertain pairs" in page
    keys = re.findall(r'name="pairs" value="(\d+-\d+)"', page)[-3:]
    act(browser, upload, "accept", pairs=keys)
    assert [pair.certain for pair in plan_of(upload).pairs] == [True] * 3


def test_what_an_old_page_asks_for_is_refused_not_done_to_another_pair(upload, browser):
    pairing.pair_swap(upload=upload, reference=0, short=1)
    page = act(browser, upload, "swap", htmx=True, reference=0, short=1)
    assert "have changed since your page was made" in page
    assert (1, 0) in pairs_of(upload)
    for stale in ({"reference": 0, "short": 1}, {"reference": 10, "short": 12}):
        with pytest.raises(Refused, match="have changed"):
            pairing.pair_drop(upload=upload, **stale)
    with pytest.raises(Refused, match="have changed"):
        pairing.pair_make(upload=upload, reference=0, short=12)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"act": "make", "reference": 12}, "choose a reference scan and a short"),
        ({"act": "make", "reference": 12, "short": 12}, "two different scans"),
        ({"act": "accept", "pairs": "nonsense"}, "choose a reference scan"),
        ({"act": "explode"}, "choose a reference scan"),
    ],
)
def test_what_cannot_be_done_is_said(upload, browser, values, words):
    before = plan_of(upload)
    assert words in act(browser, upload, **values)
    assert plan_of(upload) == before


def test_scans_of_two_kinds_are_no_pair(coordinator):
    upload = waiting_upload(
        coordinator,
        *both_scans(0),
        (again(LONG, 4, patient="x", modality="CT"), head(3)),
        (again(SHORT, 5, patient="y"), head(4)),
    )
    with pytest.raises(Refused, match="CT and the other NM"):
        pairing.pair_make(upload=upload, reference=4, short=5)


@pytest.mark.parametrize("state", ["scanning", "importing", "done"])
def test_pairs_are_corrected_only_while_they_wait(upload, state):
    Upload.objects.filter(pk=upload.pk).update(state=state)
    with pytest.raises(Refused, match="not waiting to be confirmed"):
        pairing.pair_drop(upload=upload, reference=0, short=1)


BEFORE = {"shape": [30, 64, 64], "spacing_mm": [4.8, 4.8, 4.8]}


def test_scans_of_other_pixels_are_taken_and_left_out_again(coordinator, browser):
    upload = waiting_upload(
        coordinator, *both_scans(0), *both_scans(1, resampled_from=BEFORE)
    )
    assert len(pairs_of(upload)) == 1
    page = page_of(browser, upload)
    assert "4.80 mm, but 3.29 mm are needed" in page
    page = act(browser, upload, "resampling", resampling="on")
    assert len(pairs_of(upload)) == 2
    assert "were resampled to 3.29 mm" in page
    upload.refresh_from_db()
    assert upload.resampling
    assert plan_of(upload).resampling
    act(browser, upload, "resampling")
    assert list(pairs_of(upload)) == [(0, 1)]
    upload.refresh_from_db()
    assert not upload.resampling


def test_who_was_left_out_by_a_person_is_not_paired_again_by_resampling(coordinator):
    upload = waiting_upload(coordinator, *both_scans(0), *both_scans(1))
    pairing.pair_drop(upload=upload, reference=0, short=1)
    plan = pairing.plan_set_resampling(upload=upload, resampling=True)
    assert len(plan.pairs) == 1
    assert [one.reason for one in plan.singles] == [pairing.BY_A_PERSON] * 2


def test_207_pairs_stay_usable(coordinator, browser, django_assert_max_num_queries):
    (long, image), (short, noisy) = both_scans(0)
    upload = waiting_upload(coordinator, (long, image), (short, noisy))
    plan = plan_of(upload)
    many = tuple(
        replace(
            plan.pairs[0],
            code=f"C{number:03}",
            reference=replace(long, number=2 * number),
            short=replace(short, number=2 * number + 1),
            certain=number != 150,
        )
        for number in range(1, 208)
    )
    uploads.plan_keep(upload, replace(plan, pairs=many))
    with django_assert_max_num_queries(6):
        page = page_of(browser, upload)
    assert "207 cases were found" in page
    assert page.count("<article") == PAIRS_A_PAGE
    assert page.count('loading="lazy"') == 2 * PAIRS_A_PAGE
    last = page_of(browser, upload, "?page=9")
    assert last.count("<article") == 207 - 8 * PAIRS_A_PAGE
    uncertain = page_of(browser, upload, "?show=uncertain")
    assert uncertain.count("<article") == 1
    assert "C150" in uncertain
    assert page_of(browser, upload, "?show=nonsense&page=x").count("<article") == 25


def test_names_of_files_are_shown_as_text(coordinator, browser):
    (long, image), short = both_scans(0)
    evil = replace(long, files=("<script>alert(1)</script>",), description="<b>5 min")
    page = page_of(browser, waiting_upload(coordinator, (evil, image), short))
    assert "<script>alert" not in page
    assert "<b>5" not in page


def test_a_plan_lies_sealed_after_a_correction_too(upload):
    pairing.pair_swap(upload=upload, reference=0, short=1)
    content = uploads.plan_path(upload).read_bytes()
    assert b"file-0" not in content
    assert b"central" not in content


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    """What eight windows did at once, on a database with real locks."""
    return told_once(tmp_path_factory, "tests.cases.pairing_race")


def test_of_many_windows_none_undoes_what_another_did(told):
    assert told["each drops another"] == ["stored"] * 8
    assert told["pairs left"] == 1
    assert told["scans left"] == 18


def test_of_many_windows_one_swaps_and_the_others_are_told(told):
    assert told["all swap the same"] == ["refused"] * 7 + ["stored"]
    assert told["made of the same"] == ["refused"] * 7 + ["stored"]
