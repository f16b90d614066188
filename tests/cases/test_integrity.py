"""What does not fit together is found before anybody reads it, case by case."""

from time import process_time

import numpy as np
import pytest
from django.core.files.base import ContentFile

from readerstudy.cases import services
from readerstudy.cases.integrity import damaged_renditions, parity_differences
from readerstudy.cases.models import Case, Cohort, Rendition, Series
from readerstudy.cases.storage.stored_files import acquired_provenance, save_file
from tests.factory import make_cohort, stack

pytestmark = pytest.mark.django_db
METHODS = ("reference", "short", "gaussian")


@pytest.fixture
def cohort(db) -> Cohort:
    return make_cohort()


@pytest.fixture
def cases(cohort) -> list[Case]:
    return list(cohort.cases.order_by("pk"))


def image(code: str, method: str) -> Rendition:
    return Rendition.objects.get(case__code=code, method=method)


def overwrite(rendition: Rendition, content: bytes | None) -> None:
    storage, name = rendition.values.storage, rendition.values.name
    storage.delete(name)
    if content is not None:
        storage.save(name, ContentFile(content))


def said(cases, methods=None) -> list[tuple[str, str]]:
    return [(one.code, one.sentence) for one in parity_differences(cases, methods)]


def test_whole_images_are_not_called_damaged(cases):
    assert damaged_renditions(cases, METHODS) == []


def test_lost_changed_and_cut_files_are_named_with_case_and_method(cases):
    with image("C002", "short").values.open("rb") as file:
        content = file.read()
    overwrite(image("C001", "gaussian"), None)
    overwrite(image("C002", "short"), content[:-1] + bytes([content[-1] ^ 1]))
    overwrite(image("C004", "reference"), content[:1000])
    assert damaged_renditions(cases, METHODS) == [
        ("C001", "gaussian"),
        ("C002", "short"),
        ("C004", "reference"),
    ]


def test_only_the_cases_and_methods_asked_for_are_looked_at(cases):
    overwrite(image("C001", "gaussian"), None)
    overwrite(image("C002", "short"), None)
    assert damaged_renditions(cases[:1], ["reference", "short"]) == []
    assert damaged_renditions(cases[1:], METHODS) == [("C002", "short")]
    assert damaged_renditions([], METHODS) == []


def test_the_650_images_of_a_whole_study_are_looked_at_while_a_page_loads(
    cohort, django_assert_num_queries
):
    whole = image("C001", "short")
    with whole.values.open("rb") as file:
        content = file.read()
    cases = Case.objects.bulk_create(
        Case(cohort=cohort, code=f"D{n:03}", patient_digest=str(n), central_slice=30)
        for n in range(50)
    )
    methods = [f"network-{n}" for n in range(13)]
    Rendition.objects.bulk_create(
        Rendition(
            case=case,
            method=method,
            values=save_file(Rendition, "values", content)[1],
            sha256=whole.sha256,
        )
        for case in cases
        for method in methods
    )
    begun = process_time()
    with django_assert_num_queries(1):
        assert damaged_renditions(cases, methods) == []
    assert process_time() - begun < 2  # of the processor, whoever else is at work


def test_scans_alike_and_images_of_one_slice_have_no_difference(cases):
    assert parity_differences(cases) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"rows": 64},
            "The reference scan has 128×128 pixels a slice, the short one 128×64.",
        ),
        (
            {"columns": 256},
            "The reference scan has 128×128 pixels a slice, the short one 256×128.",
        ),
        ({"slices": 61}, "The reference scan has 60 slices, the short one 61."),
        (
            {"row_spacing_mm": 3.301},
            "The pixels of the reference scan measure 3.290×3.290 mm, those of the "
            "short one 3.290×3.301 mm.",
        ),
        (
            {"column_spacing_mm": 3.0},
            "The pixels of the reference scan measure 3.290×3.290 mm, those of the "
            "short one 3.000×3.290 mm.",
        ),
        (
            {"slice_spacing_mm": 3.279},
            "The slices of the reference scan are 3.290 mm apart, those of the short "
            "one 3.279 mm.",
        ),
    ],
)
def test_scans_of_another_geometry_are_named_with_both_values(cases, change, sentence):
    Series.objects.filter(case__code="C003", role="short").update(**change)
    assert said(cases) == [("C003", sentence)]


def test_spacings_that_differ_by_rounding_alone_are_the_same(cases):
    Series.objects.filter(role="short").update(
        row_spacing_mm=3.2999, column_spacing_mm=3.2801, slice_spacing_mm=3.2999
    )
    assert parity_differences(cases) == []


def test_all_that_differs_in_a_case_is_said(cases):
    Series.objects.filter(case__code="C003", role="short").update(
        rows=64, slices=30, slice_spacing_mm=6.58
    )
    Series.objects.filter(case__code="C004", role="reference").update(slices=59)
    assert [code for code, _ in said(cases)] == ["C003"] * 3 + ["C004"]


def test_a_case_of_one_scan_has_nothing_to_compare(cases):
    Series.objects.filter(case__code="C001", role="short").delete()
    assert parity_differences(cases) == []


def test_an_image_at_another_slice_than_its_case_is_read_at_is_found(cases):
    rendition = image("C002", "reference")
    rendition.provenance = acquired_provenance(29, (1.0,) * 5)
    rendition.save()
    assert said(cases) == [
        (
            "C002",
            "The image “reference” shows slice 30 in its middle, but the case is read "
            "at slice 31.",
        )
    ]
    rendition.provenance["central_slice"] = None
    rendition.save()
    assert len(said(cases)) == 1


def test_images_from_a_short_image_that_is_gone_are_found(cases):
    """A network's image of the old slices, left behind after a correction."""
    old = image("C002", "short").sha256
    for method in ("unet-l4@1f2e3d4c5b6a", "gaussian"):
        services.rendition_save(
            case=cases[1],
            method=method,
            values=stack(seed=7),
            provenance={"made_by": "tests", "input_sha256": old},
        )
    assert parity_differences(cases) == []
    short = services.rendition_save(
        case=cases[1], method="short", values=stack(seed=8), provenance={}
    )
    found = said(cases)
    assert [code for code, _ in found] == ["C002", "C002"]
    for (_, sentence), method in zip(
        found, ("gaussian", "unet-l4@1f2e3d4c5b6a"), strict=True
    ):
        assert f"“{method}” was made from a short image" in sentence
        assert old[:12] in sentence
        assert short.sha256[:12] in sentence
    assert [code for code, _ in said(cases, ["reference", "gaussian"])] == ["C002"]
    assert said(cases, ["reference"]) == []


def test_imported_cases_fit_and_a_corrected_slice_leaves_them_fitting(
    folder, coordinator
):
    plan = services.cohort_scan(folder)
    cohort = services.cohort_import(plan=plan, name="Real", coordinators=[coordinator])
    case = cohort.cases.order_by("pk").first()
    for method in ("gaussian", "unet-l4@1f2e3d4c5b6a"):
        services.rendition_save(
            case=case,
            method=method,
            values=np.zeros((5, 64, 64), np.float32),
            provenance={"input_sha256": image(case.code, "short").sha256},
        )
    assert parity_differences(list(cohort.cases.all())) == []
    services.case_set_central_slice(
        case=case, central_slice=case.central_slice + 1, reason="The rule took a gland."
    )
    assert parity_differences(list(cohort.cases.all())) == []
    # as if somebody had moved the slice in the database alone
    Case.objects.filter(pk=case.pk).update(central_slice=3)
    found = said(list(cohort.cases.all()))
    assert [code for code, _ in found] == [case.code, case.code]


def test_looking_at_more_cases_takes_no_more_statements(
    cases, django_assert_num_queries
):
    for some in (cases[:1], cases):
        with django_assert_num_queries(2):
            parity_differences(some)
