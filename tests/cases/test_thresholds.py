"""Where a pair becomes certain, a finding blocking, two heads the same: to the edge.

The values are those of docs/pairing.md.
"""

from dataclasses import replace

import numpy as np
import pytest

from readerstudy.cases.matching import likeness, parity
from readerstudy.cases.matching.roles import Typical, roles_of
from readerstudy.cases.plan import ParityFinding

from .scans import LONG, SHORT, again

pytestmark = pytest.mark.pure

ALONE = replace(LONG, duration_s=None)


def only(findings) -> ParityFinding | None:
    found = list(findings)
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize(("factor", "told"), [(1.2, True), (1.19, False)])
def test_a_scan_is_the_longer_one_from_a_fifth_on(factor, told):
    short = replace(SHORT, duration_s=1500 / factor, total_counts=LONG.total_counts)
    assert (roles_of(LONG, short) is not None) is told


@pytest.mark.parametrize(("factor", "told"), [(1.2, True), (1.19, False)])
def test_so_is_one_with_more_counts(factor, told):
    other = again(ALONE, 1, total_counts=LONG.total_counts / factor)
    assert (roles_of(ALONE, other) is not None) is told


@pytest.mark.parametrize(
    ("ratio", "certain"), [(2.0, True), (1.99, False), (12.5, True), (12.6, False)]
)
def test_counts_alone_are_believed_from_twice_to_twelve_times_and_a_half(
    ratio, certain
):
    roles = roles_of(ALONE, again(ALONE, 1, total_counts=LONG.total_counts / ratio))
    assert roles is not None
    assert roles.certain is certain


@pytest.mark.parametrize(("factor", "certain"), [(1.19, True), (1.21, False)])
def test_a_shorter_scan_with_somewhat_more_counts_is_no_contradiction(factor, certain):
    short = replace(SHORT, total_counts=factor * LONG.total_counts)
    roles = roles_of(LONG, short)
    assert roles is not None
    assert roles.certain is certain
    assert len(roles.notes) == 1


@pytest.mark.parametrize(("nearer", "farther"), [(5.0, 4.0), (5.0, 6.0), (4.5, 10.0)])
def test_the_ratio_nearest_to_five_fits_best(nearer, farther):
    one, other = (
        roles_of(LONG, replace(SHORT, duration_s=1500 / ratio))
        for ratio in (nearer, farther)
    )
    assert one is not None
    assert other is not None
    assert one.misfit < other.misfit


TYPICAL = Typical(durations_s=(1500, 300), counts=(5e6, 1e6))


@pytest.mark.parametrize(
    ("seconds", "role"),
    [
        (1500 * 1.49, "reference"),
        (1500 * 1.51, ""),
        (1500 / 1.49, "reference"),
        (1500 / 1.51, ""),
        (300 * 1.49, "short"),
        (300 * 1.51, ""),
    ],
)
def test_a_scan_alone_is_like_a_role_within_half_as_much_again(seconds, role):
    assert TYPICAL.role(replace(LONG, duration_s=seconds)) == role
    counts = replace(LONG, duration_s=None, total_counts=seconds / 300 * 1e6)
    assert TYPICAL.role(counts) == role


def test_no_role_is_told_from_medians_that_are_nearly_alike():
    close = Typical(durations_s=(350, 300), counts=(1.1e6, 1e6))
    assert close.role(replace(LONG, duration_s=300)) == ""
    apart = Typical(durations_s=(361, 300), counts=(1.1e6, 1e6))
    assert apart.role(replace(LONG, duration_s=300)) == "short"


@pytest.mark.parametrize(
    ("apart_mm", "told", "blocks"),
    [
        (1.64, False, False),
        (1.65, True, False),
        (3.29, True, False),
        (3.30, True, True),
    ],
)
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_displacement_is_told_from_half_a_voxel_and_blocks_from_one(
    apart_mm, told, blocks, axis, sign
):
    offset = [0.0, 0.0, 0.0]
    offset[axis] = sign * apart_mm
    finding = only(parity._offset((offset[0], offset[1], offset[2])))
    assert (finding is not None) is told
    assert (finding is not None and finding.blocking) is blocks


@pytest.mark.parametrize(
    ("ratio", "told"), [(2.51, False), (2.49, True), (9.99, False), (10.01, True)]
)
def test_counts_follow_the_durations_within_twice_and_half(ratio, told):
    assert (only(parity._counts(LONG, SHORT, ratio)) is not None) is told


@pytest.mark.parametrize(
    ("ratio", "told"),
    [(2.0, False), (1.99, True), (12.5, False), (12.51, True), (None, True)],
)
def test_without_durations_counts_are_held_to_what_is_usual(ratio, told):
    assert (only(parity._counts(ALONE, ALONE, ratio)) is not None) is told


VOXELS = 32 * 72 * 72


@pytest.mark.parametrize(
    ("of_reference", "of_short", "told"),
    [
        (0, 0.00101, True),
        (0, 0.00099, False),
        (0.0099, 0.1, True),
        (0.0102, 0.1, False),
        (0.1, 0.0099, True),
    ],
)
def test_values_below_zero_are_told_from_a_thousandth_and_ten_times_as_many(
    of_reference, of_short, told
):
    reference, short = (
        replace(scan, negative_voxels=round(share * VOXELS))
        for scan, share in ((LONG, of_reference), (SHORT, of_short))
    )
    assert (only(parity._values(reference, short)) is not None) is told


@pytest.mark.parametrize(("more_mm", "told"), [(0.009, False), (0.011, True)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_voxels_are_of_one_size_within_a_hundredth_of_a_millimetre(more_mm, told, axis):
    spacing = [3.29, 3.29, 3.29]
    spacing[axis] += more_mm
    other = replace(SHORT, spacing_mm=tuple(spacing))
    assert (only(parity._geometry(LONG, other)) is not None) is told


@pytest.mark.parametrize(("apart_mm", "told"), [(0.99, False), (1.01, True)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_stated_places_are_told_from_a_millimetre_on(apart_mm, told, axis):
    origin = [0.0, 0.0, 0.0]
    origin[axis] = -apart_mm
    other = replace(SHORT, origin_mm=tuple(origin))
    assert (only(parity.places(LONG, other)) is not None) is told


def matched(best: float, *, rival: float | None) -> bool:
    """Whether two scans that are alike by `best` are found to show one head, where
    the next best of either is alike by `rival`; None: no other could be."""
    scans = [again(LONG, number) for number in range(3)]
    correlations = np.eye(3, dtype=np.float32)
    correlations[0, 1] = correlations[1, 0] = best
    allowed = {(0, 1)}
    if rival is not None:
        correlations[1, 2] = correlations[2, 1] = rival
        allowed |= {(1, 2)}
    found = likeness._matches(
        scans,
        correlations,
        lambda one, other: tuple(sorted((one.number, other.number))) in allowed,
    )
    assert found in ([], [(scans[0], scans[1])])
    return bool(found)


@pytest.mark.parametrize(
    ("best", "rival", "same"),
    [
        (0.9951, None, True),
        (0.9949, None, False),
        (0.9931, 0.9, True),
        (0.9929, 0.9, False),
        # twice as far from 1, or not quite
        (0.9970, 0.9939, True),
        (0.9970, 0.9941, False),
        (0.9950, 0.9899, True),
        (0.9950, 0.9901, False),
    ],
)
def test_two_scans_show_one_head_if_they_are_alike_enough_and_no_other_is(
    best, rival, same
):
    assert matched(best, rival=rival) is same
