"""What differs between the two scans of a case, and which of it needs a reason."""

from dataclasses import replace

import numpy as np
import pytest

from readerstudy.cases.acceptance import KINDS
from readerstudy.cases.matching.parity import compare
from readerstudy.cases.plan import ParityReport, scan_path
from readerstudy.imaging.errors import Refused

from .scans import LONG, SHORT, head, keep, scanned

pytestmark = pytest.mark.pure


@pytest.fixture
def report(tmp_path):
    """Of LONG and SHORT with these changes, their voxels moved by slices."""

    def make(*, long=None, short=None, slices_moved=0, columns_moved=0) -> ParityReport:
        reference = replace(LONG, **(long or {}))
        other = replace(SHORT, **(short or {}))
        image = head(1, shape=(32, 72, 72))
        displaced = np.roll(image, (slices_moved, columns_moved), axis=(0, 2))
        keep(tmp_path, reference, scanned(image, seed=1, scale=5))
        keep(tmp_path, other, scanned(displaced, seed=2))
        return compare(reference, other, folder=tmp_path)

    return make


def kinds(report: ParityReport) -> list[str]:
    return [one.kind for one in report.findings]


def test_two_scans_that_differ_in_time_alone_have_no_finding(report):
    found = report()
    assert found.findings == ()
    assert found.count_ratio == pytest.approx(5)
    assert found.offset_mm == pytest.approx((0, 0, 0), abs=0.6)


@pytest.mark.parametrize(
    ("moved", "offset", "axis", "way"),
    [
        ({"slices_moved": 2}, (0, 0, 6.58), 2, "head"),
        ({"slices_moved": -2}, (0, 0, -6.58), 2, "feet"),
        ({"columns_moved": 3}, (9.87, 0, 0), 0, "left"),
        ({"columns_moved": -3}, (-9.87, 0, 0), 0, "right"),
    ],
)
def test_a_patient_who_moved_is_told_in_millimetres_and_blocks(
    report, moved, offset, axis, way
):
    found = report(**moved)
    assert found.offset_mm == pytest.approx(offset, abs=0.7)
    (finding,) = found.blocking
    assert finding.kind == "offset"
    assert f"{abs(found.offset_mm[axis]):.1f} mm to the {way}" in finding.sentence
    assert "-" not in finding.sentence


def test_less_than_a_voxel_is_told_but_blocks_nothing(tmp_path):
    image = head(1)
    half = (image[:, :, :-1] + image[:, :, 1:]) / 2
    keep(tmp_path, LONG, scanned(image, seed=1, scale=5))
    keep(tmp_path, SHORT, scanned(np.pad(half, ((0, 0), (0, 0), (0, 1))), seed=2))
    found = compare(LONG, SHORT, folder=tmp_path)
    assert found.offset_mm[0] == pytest.approx(-1.65, abs=0.4)
    assert not found.blocking


def test_what_cannot_be_registered_blocks(tmp_path):
    keep(tmp_path, LONG, scanned(head(1), seed=1, scale=5))
    keep(tmp_path, SHORT, np.random.default_rng(0).poisson(5, LONG.shape))
    found = compare(LONG, SHORT, folder=tmp_path)
    assert found.offset_mm is None
    assert "offset-unknown" in [one.kind for one in found.blocking]


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"shape": (33, 72, 72)}, "slices", "32 slices, the short one 33"),
        ({"shape": (32, 72, 80)}, "matrix", "72×72 pixels a slice, the short one 80×"),
        ({"spacing_mm": (3.5, 3.29, 3.29)}, "spacing", "3.29×3.29×3.50"),
        ({"total_counts": 4.9e6}, "counts", "1 times the counts"),
        ({"total_counts": 1e5}, "counts", "50 times the counts"),
        ({"duration_s": None, "total_counts": 4e6}, "counts", "about 5 times"),
        ({"negative_voxels": 20_000}, "negative", "12.1% of the short one's"),
        ({"manufacturer": "GE MEDICAL SYSTEMS"}, "camera", "two makers"),
        (
            {"resampled_from": {"spacing_mm": [4.8, 4.8, 4.8], "shape": [9, 9, 9]}},
            "resampled",
            "4.80×4.80×4.80",
        ),
    ],
)
def test_what_could_bias_or_unblind_blocks_with_both_values(
    report, change, kind, words
):
    found = report(long={"manufacturer": "SIEMENS"}, short=change)
    finding = next(one for one in found.blocking if one.kind == kind)
    assert words in finding.sentence


@pytest.mark.parametrize(
    "change",
    [
        {"total_counts": 1.2e6},
        {"duration_s": None},
        {"negative_voxels": 100},
        {"manufacturer": ""},
        {"modality": "PT", "total_counts": 5e6},
    ],
)
def test_what_is_usual_is_no_finding(report, change):
    long = {"manufacturer": "SIEMENS", "modality": change.get("modality", "NM")}
    assert kinds(report(long=long, short=change)) == []


def test_both_reconstructed_with_small_negatives_is_no_difference(report):
    found = report(long={"negative_voxels": 9000}, short={"negative_voxels": 12_000})
    assert kinds(found) == []


def test_stated_places_are_told_but_the_images_decide(report):
    assert kinds(report(short={"origin_mm": (0.0, 0.0, 6.58)})) == ["position"]
    frames = report(long={"frame": "one"}, short={"frame": "two"})
    assert kinds(frames) == ["frame"]
    assert not frames.blocking


def test_both_resampled_alike_is_told_and_blocks_nothing(report):
    before = {"resampled_from": {"spacing_mm": [4.8, 4.8, 4.8], "shape": [9, 9, 9]}}
    found = report(long=before, short=before)
    assert kinds(found) == ["resampled"]
    assert not found.blocking


def test_a_report_comes_back_from_json_as_it_was(report):
    found = report(slices_moved=2, short={"negative_voxels": 20_000})
    assert ParityReport.from_json(found.to_json()) == found


def test_every_kind_has_its_words(report):
    found = {
        *kinds(report(slices_moved=2)),
        *kinds(report(short={"shape": (33, 80, 72), "spacing_mm": (3.3, 3.4, 3.5)})),
    }
    assert found <= set(KINDS)


def test_voxels_that_are_gone_are_refused(report, tmp_path):
    report()
    scan_path(tmp_path, SHORT.number).unlink()
    with pytest.raises(Refused, match="not there any more"):
        compare(LONG, SHORT, folder=tmp_path)


def test_voxels_below_zero_are_a_share_of_those_that_the_file_had(report):
    """200 of 4 million are no other reconstruction, though 1 in 800 of what is kept."""
    before = {"spacing_mm": [1.0, 1.0, 1.0], "shape": [100, 200, 200]}
    found = report(
        long={"resampled_from": before},
        short={"resampled_from": before, "negative_voxels": 200},
    )
    assert kinds(found) == ["resampled"]


@pytest.fixture
def turned(tmp_path):
    """What is told of a head that is not quite straight, its short scan turned over
    left to right or as it is: kind → does it block?"""

    def make(
        *, over: bool, modality: str = "NM", columns_moved: int = 0
    ) -> dict[str, bool]:
        image = np.roll(head(1), 3, axis=2)  # as a head lies: not in the middle
        short = image[:, :, ::-1] if over else np.roll(image, columns_moved, axis=2)
        scans = [replace(one, modality=modality) for one in (LONG, SHORT)]
        keep(tmp_path, scans[0], scanned(image, seed=1, scale=50))
        keep(tmp_path, scans[1], scanned(short, seed=2, scale=10))
        found = compare(*scans, folder=tmp_path).findings
        return {finding.kind: finding.blocking for finding in found}

    return make


def test_a_scan_that_is_turned_over_left_to_right_is_told_and_blocks(turned):
    assert turned(over=False) == {}
    assert turned(over=True)["mirrored"]


def test_a_scan_that_is_only_displaced_is_not_taken_for_turned_over(turned):
    assert turned(over=False, columns_moved=4) == {"offset": True}


def test_ct_and_pet_are_not_searched_for_it(turned):
    assert "mirrored" not in turned(over=True, modality="CT")
