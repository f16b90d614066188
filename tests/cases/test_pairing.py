"""Which two scans are one case, and what is said about the others."""

from dataclasses import replace

import pytest

from readerstudy.cases.pairing import pair_up
from readerstudy.cases.plan import ScannedSeries

pytestmark = pytest.mark.pure

LONG = ScannedSeries(
    files=("long",),
    patient="p1",
    study="s1",
    instances="i1",
    content="c1",
    duration_s=1500.0,
    total_counts=5e6,
    shape=(60, 128, 128),
    spacing_mm=(3.29, 3.29, 3.29),
    origin_mm=(0.0, 0.0, 0.0),
    description="",
    manufacturer="",
)
SHORT = replace(
    LONG,
    files=("short",),
    instances="i2",
    content="c2",
    duration_s=300.0,
    total_counts=1e6,
)


def reasons(left_out) -> dict[str, str]:
    return {one.name: one.reason for one in left_out}


@pytest.mark.parametrize("found", [[LONG, SHORT], [SHORT, LONG]])
def test_the_longer_scan_is_the_reference(found):
    (pair,), left_out = pair_up(found)
    assert (pair.reference, pair.short) == (LONG, SHORT)
    assert not left_out
    assert pair.notes == ()


def test_duration_decides_before_counts():
    hot = replace(SHORT, total_counts=9e6)
    (pair,), _ = pair_up([hot, LONG])
    assert pair.reference == LONG
    assert "more counts" in pair.notes[0]


@pytest.mark.parametrize("duration", [None, 1500.0])
def test_counts_decide_where_durations_do_not(duration):
    one, other = (replace(scan, duration_s=duration) for scan in (SHORT, LONG))
    (pair,), _ = pair_up([one, other])
    assert pair.reference == other
    assert "counts" in pair.notes[0]


def test_scans_that_hardly_differ_are_not_guessed_at():
    twin = replace(LONG, files=("twin",), instances="i3", content="c3")
    pairs, left_out = pair_up([LONG, replace(twin, total_counts=5.1e6)])
    assert not pairs
    assert "cannot be told" in reasons(left_out)["twin"]


def test_other_patients_and_other_studies_are_no_partners():
    for other in (replace(SHORT, patient="p2"), replace(SHORT, study="s2")):
        pairs, left_out = pair_up([LONG, other])
        assert not pairs
        assert "no partner" in reasons(left_out)["long"]
        assert "no partner" in reasons(left_out)["short"]


def test_three_candidates_are_left_to_the_coordinator():
    third = replace(SHORT, files=("third",), instances="i3", content="c3")
    pairs, left_out = pair_up([LONG, SHORT, third])
    assert not pairs
    assert len(left_out) == 3
    assert "3 scans" in reasons(left_out)["third"]


@pytest.mark.parametrize("same", ["instances", "content"])
def test_the_same_image_twice_counts_once(same):
    copy = replace(SHORT, files=("copy",), instances="i3", content="c3")
    copy = replace(copy, **{same: getattr(SHORT, same)})
    (pair,), left_out = pair_up([LONG, SHORT, copy])
    assert pair.short == SHORT
    assert reasons(left_out) == {"copy": "It is the same image as short."}


def test_other_pixel_sizes_are_named_in_millimetres():
    coarse = replace(SHORT, spacing_mm=(4.13, 4.13, 4.13))
    pairs, left_out = pair_up([LONG, coarse])
    assert not pairs
    assert "4.13 mm" in reasons(left_out)["short"]
    assert "no partner" in reasons(left_out)["long"]


def test_a_pixel_size_within_the_tolerance_is_taken():
    nearly = (3.29, 3.3, 3.3)
    pairs, _ = pair_up(
        [replace(LONG, spacing_mm=nearly), replace(SHORT, spacing_mm=nearly)]
    )
    assert len(pairs) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": (61, 128, 128)}, "128×128×61 voxels"),
        ({"spacing_mm": (3.5, 3.29, 3.29)}, "differ in size"),
        ({"shape": (60, 60, 60)}, "at least 64×64"),
    ],
)
def test_slice_numbers_must_mean_the_same_in_both(change, words):
    pairs, left_out = pair_up([LONG, replace(SHORT, **change)])
    assert not pairs
    assert words in reasons(left_out)["short"]


def test_scans_that_lie_apart_get_a_note():
    moved = replace(SHORT, origin_mm=(0.0, 0.0, 6.58))
    (pair,), _ = pair_up([LONG, moved])
    assert "6.6 mm apart" in pair.notes[0]
