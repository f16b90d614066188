"""The table of a cohort: what it shows, filters, exports, and what it costs."""

import csv
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from readerstudy.audit.models import AuditEvent
from readerstudy.cases import selectors, services
from readerstudy.cases.cohort_table.as_csv import cell_text
from readerstudy.cases.cohort_table.columns import COLUMNS
from readerstudy.cases.models import Case, Cohort, Rendition, Series
from readerstudy.cases.selectors.table import PROBLEMS, cases_annotated
from readerstudy.imaging.preprocessing import to_eight_bit
from tests.factory import make_cohort

pytestmark = pytest.mark.django_db
BLOCKS = {
    "offset_mm": [4.0, 0.1, -0.2],
    "count_ratio": 5.0,
    "findings": [
        {"kind": "offset", "sentence": "The short scan lies apart.", "blocking": True},
        {"kind": "counts", "sentence": "Counts are low.", "blocking": False},
    ],
}


def measured(case: Case, role: str, right: float, left: float) -> None:
    case.series.filter(role=role).update(
        binding_ratio_right=right, binding_ratio_left=left
    )


def change(code: str, **fields: object) -> Case:
    Case.objects.filter(code=code).update(**fields)
    return Case.objects.get(code=code)


@pytest.fixture
def cohort(coordinator) -> Cohort:
    """Four cases: C001 whole, C002 moved, C003 chosen and old, C004 not measured."""
    cohort = make_cohort(coordinators=[coordinator])
    for number, (right, left) in enumerate(((5.1, 4.6), (3.2, 1.4), (0.9, 2.5)), 1):
        case = cohort.cases.get(code=f"C{number:03}")
        measured(case, "reference", right, left)
        measured(case, "short", right + 0.1, left - 0.1)
    change("C001", age_years=52, sex="F", split="training")
    change("C002", age_years=67, sex="M", split="test", parity=BLOCKS)
    change("C003", age_years=90, sex="F", central_rule="person", central_reason="Gland")
    return cohort


def test_parts_are_counted_by_name_and_so_are_the_cases_in_none(browser, cohort):
    said = browser.get(f"/cohorts/{cohort.pk}/").content.decode()
    for part in ("training 1", "test 1", "in no part 2"):
        assert f'<span class="tag">{part}</span>' in said
    assert '<option value="none">in no part</option>' in said


@pytest.fixture
def page(browser, cohort):
    def page(**asked: object) -> str:
        response = browser.get(f"/cohorts/{cohort.pk}/", asked)
        assert response.status_code == 200
        return response.content.decode()

    return page


def codes(text: str) -> list[str]:
    return [code for code in ("C001", "C002", "C003", "C004") if f">{code}<" in text]


def test_each_image_is_one_picture_of_five_slices(browser, cohort, page):
    assert page().count("/strip.png?v=") == 4 * 3
    rendition = Rendition.objects.filter(method="reference").first()
    png = browser.get(f"/cohorts/previews/{rendition.pk}/strip.png").content
    picture = np.asarray(Image.open(BytesIO(png)).convert("L"), dtype=float)
    assert picture.shape == (128, 640)
    slices = to_eight_bit(selectors.rendition_values(rendition)).astype(float)
    for index, one in enumerate(slices):
        shown = picture[::2, 128 * index : 128 * (index + 1) : 2]
        assert np.corrcoef(shown.ravel(), one.ravel())[0, 1] > 0.9


def test_the_lowest_slice_is_the_first_and_the_patients_right_on_the_left(
    browser, cohort
):
    case = cohort.cases.get(code="C001")
    values = np.zeros((5, 64, 64), np.float32)
    values[0, 30, 10] = 1  # the lowest slice, on the patient's right
    values[1:, 60, 60] = 1
    rendition = services.rendition_save(
        case=case, method="marked", values=values, provenance={}
    )
    png = browser.get(f"/cohorts/previews/{rendition.pk}/strip.png").content
    picture = np.asarray(Image.open(BytesIO(png)).convert("L"))
    row, column = np.unravel_index(picture[:100].argmax(), picture[:100].shape)
    assert (row // 2, column // 2) == (30, 10)


def test_a_case_shows_age_sex_part_ratios_counts_and_problems(page):
    text = page()
    for said in ("≥ 90", "female", "training", "5.10", "4.60", "5,000,000", "5.0 to 1"):
        assert said in text
    assert "The short scan lies apart." in text
    assert "Counts are low." not in text  # it blocks nothing
    assert "Gland" in text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["C001", "C002", "C003", "C004"]),
        ({"code": "003"}, ["C003"]),
        ({"split": "test"}, ["C002"]),
        ({"split": "none"}, ["C003", "C004"]),
        ({"sex": "F"}, ["C001", "C003"]),
        ({"sex": "none"}, ["C004"]),
        ({"age_from": 60}, ["C002", "C003"]),
        ({"age_from": 60, "age_to": 89}, ["C002"]),
        ({"binding_to": 2}, ["C002", "C003"]),
        ({"binding_from": 1, "binding_to": 2}, ["C002"]),
        ({"problem": "parity"}, ["C002"]),
        ({"problem": "accepted"}, []),
        ({"problem": "slice"}, ["C003"]),
        ({"problem": "binding"}, ["C004"]),
        ({"problem": "any"}, ["C002", "C003", "C004"]),
        ({"problem": "any", "sex": "F"}, ["C003"]),
    ],
)
def test_the_table_is_filtered(page, asked, found):
    assert codes(page(**asked)) == found


def test_what_a_filter_calls_a_problem_the_row_does_too(cohort, page):
    """An accepted difference, a note, a missing image and a resampled scan."""
    change("C001", parity=BLOCKS, parity_accepted_at=datetime(2026, 1, 1, tzinfo=UTC))
    change("C002", note="Names are burned into it.", parity={})
    Rendition.objects.filter(case__code="C003", method="gaussian").delete()
    Series.objects.filter(case__code="C004", role="short").update(
        resampled_from={"shape": [30, 64, 64]}
    )
    every = cases_annotated(cohort, selectors.cohort_methods(cohort))
    for problem, code in (
        ("accepted", "C001"),
        ("note", "C002"),
        ("missing", "C003"),
        ("resampled", "C004"),
    ):
        text = page(problem=problem)
        assert codes(text) == [code]
        assert str(PROBLEMS[problem]) in text
        assert every.get(**{f"has_{problem}": True}).code == code
    assert "not made yet" in page(problem="missing")


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        ({"order": "age"}, "C001 C002 C003 C004"),
        ({"order": "age", "descending": "on"}, "C003 C002 C001 C004"),
        ({"order": "binding"}, "C003 C002 C001 C004"),
        ({"order": "code", "descending": "on"}, "C004 C003 C002 C001"),
    ],
)
def test_the_table_is_ordered_with_what_is_not_known_last(page, asked, order):
    text = page(**asked)
    places = [text.index(f">{code}<") for code in order.split()]
    assert places == sorted(places)


def test_a_wrong_filter_is_named_and_asks_for_nothing(page):
    text = page(age_from="old", sex="F")
    assert "Enter a whole number" in text
    assert codes(text) == ["C001", "C003"]


def test_only_the_chosen_arms_are_shown(page):
    assert page(arms=["reference", "gaussian"]).count("/strip.png?v=") == 8
    assert page(arms=["nonsense"]).count("/strip.png?v=") == 12


def test_links_to_further_pages_keep_the_filter(page, monkeypatch):
    monkeypatch.setattr("readerstudy.cases.views.table.CASES_A_PAGE", 1)
    text = page(sex="F", page="1")
    assert 'href="?sex=F&amp;page=2#cases"' in text


def many(cohort: Cohort, count: int) -> None:
    """That many cases with two scans and three images each, without files."""
    cases = Case.objects.bulk_create(
        Case(
            cohort=cohort,
            code=f"M{number:05}",
            patient_digest=f"many-{number}",
            age_years=40 + number % 50,
            sex="FM"[number % 2],
            central_slice=30,
            parity=BLOCKS if number % 10 == 0 else {},
        )
        for number in range(count)
    )
    Series.objects.bulk_create(
        Series(
            case=case,
            role=role,
            counts="series/none.npy",
            slices=60,
            rows=128,
            columns=128,
            slice_spacing_mm=3.29,
            row_spacing_mm=3.29,
            column_spacing_mm=3.29,
            total_counts=1e6,
            binding_ratio_right=number % 70 / 10,
            binding_ratio_left=number % 60 / 10,
        )
        for number, case in enumerate(cases)
        for role in ("reference", "short")
    )
    Rendition.objects.bulk_create(
        Rendition(case=case, method=method, values="renditions/none.npy", sha256="0")
        for case in cases
        for method in ("reference", "short", "gaussian")
    )


def test_more_cases_ask_the_database_no_oftener(
    browser, cohort, django_assert_num_queries, django_assert_max_num_queries
):
    address = f"/cohorts/{cohort.pk}/"
    with django_assert_max_num_queries(19) as few:
        browser.get(address)
    many(cohort, 40)
    with django_assert_num_queries(len(few)):
        browser.get(address)


@pytest.mark.slow
def test_five_thousand_cases_cost_fewer_than_twenty_queries(
    browser, cohort, django_assert_max_num_queries
):
    many(cohort, 5000)
    address = f"/cohorts/{cohort.pk}/"
    for asked in ({}, {"problem": "any", "order": "binding", "page": 60, "sex": "F"}):
        with django_assert_max_num_queries(19) as counted:
            response = browser.get(address, asked)
        assert response.status_code == 200
        assert response.content.decode().count('<th scope="row">') >= 1
    assert len(counted) < 20
    with django_assert_max_num_queries(19 + 5004 // 500 * 2 + 2):
        lines = b"".join(browser.get(f"{address}cases.csv")).decode().splitlines()
    assert len(lines) == 5005


def exported(browser: Client, cohort: Cohort, **asked: object) -> list[dict[str, str]]:
    response = browser.get(f"/cohorts/{cohort.pk}/cases.csv", asked)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="phantoms.csv"' in response.headers["Content-Disposition"]
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(StringIO(text)))


def test_the_csv_holds_every_case_with_every_column(browser, cohort):
    rows = exported(browser, cohort)
    assert [row["case"] for row in rows] == ["C001", "C002", "C003", "C004"]
    assert list(rows[0]) == [column.name for column in COLUMNS]
    second = rows[1]
    assert second["age"] == "67"
    assert second["central_slice"] == "31"
    assert second["reference_binding_right"] == "3.2"
    assert second["short_binding_left"] == repr(1.4 - 0.1)
    assert second["count_ratio"] == "5.0"
    assert second["offset_left"] == "4.0"
    assert second["parity_blocking"] == "offset"
    assert second["parity_told"] == "counts"
    assert second["parity_accepted"] == "FALSE"
    assert second["images"] == "reference short gaussian"
    assert rows[3]["reference_binding_right"] == ""


def test_what_is_not_known_is_empty_in_the_csv_and_never_zero(browser, cohort):
    change(
        "C001",
        parity={"offset_mm": None, "count_ratio": None, "findings": []},
        slice_candidates={"central-region": 30, "hottest-voxel": 0},
        age_years=None,
    )
    Series.objects.filter(case__code="C001").update(
        duration_s=None, started_after_s=None, negative_voxels=None
    )
    Series.objects.filter(case__code="C001", role="short").update(total_counts=0)
    row = exported(browser, cohort)[0]
    unknown = [
        *("offset_left", "offset_back", "offset_head", "count_ratio", "age"),
        *("reference_duration", "short_started_after", "reference_negative"),
        "slice_largest_sum",
    ]
    assert {name: row[name] for name in unknown} == dict.fromkeys(unknown, "")
    assert (row["slice_central_region"], row["slice_hottest_voxel"]) == ("31", "1")
    assert row["short_counts"] == "0.0"


def test_the_csv_holds_what_the_filter_leaves_and_the_log_says_so(
    browser, cohort, coordinator
):
    rows = exported(browser, cohort, sex="F")
    assert [row["case"] for row in rows] == ["C001", "C003"]
    event = AuditEvent.objects.filter(action="cohort.export").get()
    assert (event.actor_name, event.after) == (coordinator.username, {"cases": 2})


def test_text_in_the_csv_is_no_formula(browser, cohort):
    change("C001", central_reason="=HYPERLINK(1)", note="+1\nsecond")
    row = exported(browser, cohort)[0]
    assert row["central_reason"] == "'=HYPERLINK(1)"
    assert row["note"] == "'+1 | second"
    assert cell_text(-1.5) == "-1.5"


def test_excel_gets_a_byte_order_mark(browser, cohort):
    response = browser.get(f"/cohorts/{cohort.pk}/cases.csv", {"excel": 1})
    assert b"".join(response.streaming_content).startswith(b"\xef\xbb\xbfcohort,")


def test_the_documents_say_what_every_column_is():
    text = (Path(__file__).parents[2] / "docs" / "cohort-table.md").read_text()
    for column in COLUMNS:
        unit = f" ({column.unit})" if column.unit else ""
        assert f"| `{column.name}` | {column.says}{unit} |" in text
