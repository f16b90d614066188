"""One image a case and method: whole, unchanged, and only the slice that counts."""

import numpy as np
import pytest
from django.db.models import QuerySet

from readerstudy.cases import selectors, services
from readerstudy.cases.models import Case, Cohort, Rendition, Series
from readerstudy.imaging.errors import Refused

from .conftest import stored_files, write_pair

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    cohort = Cohort.objects.create(name="Phantoms")
    return Case.objects.create(
        cohort=cohort, code="C001", patient_digest="0", central_slice=6
    )


def values(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((5, 64, 64)).astype(np.float32)


def save(case, method="gaussian", seed=0, **provenance) -> Rendition:
    return services.rendition_save(
        case=case, method=method, values=values(seed), provenance=provenance
    )


def test_what_was_saved_comes_back(case):
    np.testing.assert_array_equal(selectors.rendition_values(save(case)), values())


def test_saving_the_same_again_changes_nothing(case):
    first, second = save(case, sigma=1), save(case, sigma=1)
    assert first.pk == second.pk
    assert first.values.name == second.values.name
    assert len(stored_files()) == 1


def test_another_image_replaces_the_first_and_its_file(
    case, django_capture_on_commit_callbacks
):
    first = save(case)
    with django_capture_on_commit_callbacks(execute=True):
        second = save(case, seed=1)
    assert first.pk == second.pk
    assert [path.name for path in stored_files()] == [
        second.values.name.rsplit("/", 1)[-1]
    ]
    np.testing.assert_array_equal(selectors.rendition_values(second), values(1))


def test_a_failure_while_the_row_is_written_leaves_the_old_image(case, monkeypatch):
    first = save(case)

    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Rendition.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError):
        save(case, seed=1)
    assert len(stored_files()) == 1
    np.testing.assert_array_equal(selectors.rendition_values(first), values())


def test_a_changed_file_is_noticed_and_saving_again_heals_it(case):
    rendition = save(case)
    (path,) = stored_files()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(Refused, match=r"C001 \(gaussian\) cannot be used"):
        selectors.rendition_values(rendition)
    np.testing.assert_array_equal(selectors.rendition_values(save(case)), values())


def test_a_lost_file_is_noticed(case):
    rendition = save(case)
    stored_files()[0].unlink()
    with pytest.raises(Refused, match="cannot be read"):
        selectors.rendition_values(rendition)


def test_pixels_that_are_not_numbers_are_refused(case):
    broken = values()
    broken[0, 0, 0] = np.nan
    with pytest.raises(Refused, match="not numbers"):
        services.rendition_save(case=case, method="unet", values=broken, provenance={})
    with pytest.raises(ValueError, match="5, 64, 64"):
        services.rendition_save(
            case=case, method="unet", values=broken[:3], provenance={}
        )


def test_methods_are_counted_with_the_acquired_images_first(case):
    for method in ("gaussian", "short", "bilateral", "reference"):
        save(case, method)
    assert list(selectors.cohort_methods(case.cohort).items()) == [
        ("reference", 1),
        ("short", 1),
        ("bilateral", 1),
        ("gaussian", 1),
    ]


@pytest.fixture
def imported(tmp_path, coordinator) -> Case:
    write_pair(tmp_path / "one", "Abe-1", hot_slice=6)
    plan = services.cohort_scan(tmp_path / "one")
    cohort = services.cohort_import(plan=plan, name="One", coordinators=[coordinator])
    return cohort.cases.get()


def test_correcting_the_slice_makes_both_images_again_and_drops_the_others(
    imported, django_capture_on_commit_callbacks
):
    save(imported)
    with django_capture_on_commit_callbacks(execute=True):
        services.case_set_central_slice(case=imported, central_slice=5, reason="Gland")
    imported.refresh_from_db()
    assert imported.central_slice == 5
    assert selectors.cohort_methods(imported.cohort) == {"reference": 1, "short": 1}
    for role, maximum in (("reference", 5000), ("short", 1000)):
        rendition = selectors.rendition_get(case=imported, method=role)
        # slice 6, the hottest, is now the fourth of the five
        assert rendition.provenance["slice_maxima"][3] == maximum
        assert rendition.provenance["central_slice"] == 5
        assert selectors.rendition_values(rendition)[3].max() == 1
    assert len(stored_files()) == 4


def test_a_correction_keeps_who_chose_the_slice_and_why(imported, coordinator):
    assert imported.central_rule == Case.SliceRule.CENTRAL_REGION
    assert imported.slice_candidates[imported.central_rule] == 6
    Series.objects.update(binding_ratio_right=99.0)  # as if measured at the old slice
    services.case_set_central_slice(
        case=imported, central_slice=5, reason="  A gland, not the striatum. "
    )
    imported.refresh_from_db()
    assert imported.central_rule == Case.SliceRule.PERSON
    assert imported.central_reason == "A gland, not the striatum."
    assert imported.slice_candidates["central-region"] == 6, "what the rules say stays"
    assert not Series.objects.filter(binding_ratio_right=99.0).exists()


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_slice_is_not_corrected_without_a_reason(imported, reason):
    with pytest.raises(Refused, match="reason"):
        services.case_set_central_slice(case=imported, central_slice=5, reason=reason)
    imported.refresh_from_db()
    assert imported.central_slice == 6


def test_a_slice_without_neighbours_is_refused_and_changes_nothing(imported):
    save(imported)
    with pytest.raises(Refused, match="too near the end"):
        services.case_set_central_slice(case=imported, central_slice=11, reason="Gland")
    imported.refresh_from_db()
    assert imported.central_slice == 6
    assert "gaussian" in selectors.cohort_methods(imported.cohort)


def test_slices_stay_once_a_study_reads_the_cohort(imported):
    services.cohort_freeze(cohort=imported.cohort)
    frozen_at = Cohort.objects.get().frozen_at
    services.cohort_freeze(cohort=imported.cohort)
    assert Cohort.objects.get().frozen_at == frozen_at is not None
    with pytest.raises(Refused, match="being read"):
        services.case_set_central_slice(case=imported, central_slice=5, reason="Gland")


def test_an_image_that_is_being_read_cannot_be_replaced(case):
    first = save(case)
    services.cohort_freeze(cohort=case.cohort)
    with pytest.raises(Refused, match="another one cannot take its place"):
        save(case, seed=1)
    np.testing.assert_array_equal(selectors.rendition_values(first), values())
    assert len(stored_files()) == 1, "the refused image leaves no file"
    assert save(case).pk == first.pk, "the same image again is no change"
    assert save(case, method="bilateral"), "other methods may still be run"


def test_images_stored_together_share_no_fate(case, django_capture_on_commit_callbacks):
    """One that is broken, one that is no longer wanted: the others are stored."""
    others = [
        Case.objects.create(
            cohort=case.cohort, code=code, patient_digest=code, central_slice=2
        )
        for code in ("C002", "C003")
    ]
    made = [values(0), values(1), values(2) * np.nan]
    images = [
        services.NewImage(one, image.astype(np.float32), {})
        for one, image in zip([case, *others], made, strict=True)
    ]
    found = services.renditions_save(
        method="unet", images=images, still_wanted=lambda: {case.pk, others[1].pk}
    )
    assert found[case.pk] == selectors.rendition_get(case=case, method="unet")
    assert others[0].pk not in found
    assert "not numbers" in str(found[others[1].pk])
    assert len(stored_files()) == 1


def test_what_is_wanted_is_asked_once_the_cohort_is_locked(case, monkeypatch):
    """Asked before, a slice corrected in between would get the image of the old one."""
    done = []

    def remember(queryset, *args, **kwargs):
        done.append(queryset.model)
        return lock(queryset, *args, **kwargs)

    def wanted():
        done.append("asked")
        return {case.pk}

    lock = QuerySet.select_for_update
    monkeypatch.setattr(QuerySet, "select_for_update", remember)
    image = services.NewImage(case, values(), {})
    services.renditions_save(method="unet", images=[image], still_wanted=wanted)
    assert done == [Cohort, "asked"]


def test_images_stored_together_are_one_transaction(case):
    """Who asks whether they are wanted may say no to all: nothing of them stays."""

    def lost():
        raise RuntimeError

    image = services.NewImage(case, values(), {})
    with pytest.raises(RuntimeError):
        services.renditions_save(method="unet", images=[image], still_wanted=lost)
    assert not stored_files()
    assert not case.renditions.filter(method="unet")
