"""Which two scans are one case, and what is said about the others."""

from dataclasses import replace

import pytest

from readerstudy.cases.manifest import Manifest, Row
from readerstudy.cases.matching.pairing import NOT_NAMED, propose
from readerstudy.cases.matching.planning import coded
from readerstudy.cases.plan import ScannedSeries

from .scans import LONG, SHORT, again, head, keep, scanned

pytestmark = pytest.mark.pure


@pytest.fixture
def proposed(tmp_path):
    """What is proposed for some scans; each patient digest has a head of its own."""

    def propose_for(*scans: ScannedSeries, resampling=False, manifest=None, heads=None):
        for scan in scans:
            seed = (heads or {}).get(scan.number, sum(scan.patient.encode()))
            counts = scanned(
                head(seed, shape=scan.shape),
                seed=scan.number,
                scale=scan.total_counts / 1e6,
            )
            keep(tmp_path, scan, counts)
        return propose(scans, folder=tmp_path, resampling=resampling, manifest=manifest)

    return propose_for


def reasons(proposal) -> dict[str, str]:
    return {one.series.name: one.reason for one in proposal.singles}


@pytest.mark.parametrize("found", [[LONG, SHORT], [SHORT, LONG]])
def test_the_longer_scan_is_the_reference(proposed, found):
    proposal = proposed(*found)
    (pair,) = proposal.pairs
    assert (pair.reference, pair.short) == (LONG, SHORT)
    assert pair.certain
    assert pair.notes == ()
    assert not proposal.singles
    assert not proposal.left_out


def test_duration_decides_before_counts_but_a_person_must_look(proposed):
    (pair,) = proposed(replace(SHORT, total_counts=9e6), LONG).pairs
    assert pair.reference == LONG
    assert "more counts" in pair.notes[0]
    assert not pair.certain


@pytest.mark.parametrize("duration", [None, 1500.0])
def test_counts_decide_where_durations_do_not(proposed, duration):
    one, other = (replace(scan, duration_s=duration) for scan in (SHORT, LONG))
    (pair,) = proposed(one, other).pairs
    assert pair.reference == other
    assert "counts" in pair.notes[0]
    assert pair.certain


def test_counts_that_hardly_differ_leave_a_pair_uncertain(proposed):
    (pair,) = proposed(
        replace(LONG, duration_s=None),
        replace(SHORT, duration_s=None, total_counts=3e6),
    ).pairs
    assert not pair.certain


def test_descriptions_decide_where_nothing_else_does_and_a_person_must_look(proposed):
    alike = replace(SHORT, duration_s=1500.0, total_counts=5.1e6)
    (pair,) = proposed(
        replace(LONG, description="Brain DaT 25 min"),
        replace(alike, description="Brain DaT 5min"),
    ).pairs
    assert pair.reference.name == "long"
    assert not pair.certain
    (pair,) = proposed(replace(LONG, description="短時間"), alike).pairs
    assert pair.reference.name == "short"


@pytest.mark.parametrize("tracer", ["Tc-99m TRODAT", "Tc99m TRODAT", "99mTc-TRODAT"])
def test_the_name_of_an_isotope_is_no_time(proposed, tracer):
    (pair,) = proposed(
        replace(LONG, description="DAT 25 min"), replace(SHORT, description=tracer)
    ).pairs
    assert pair.certain


def test_a_description_that_contradicts_the_duration_is_told(proposed):
    (pair,) = proposed(
        replace(LONG, description="short"), replace(SHORT, description="full")
    ).pairs
    assert pair.reference.name == "long"
    assert "descriptions call" in pair.notes[0]
    assert not pair.certain


def test_scans_that_hardly_differ_are_not_guessed_at(proposed):
    proposal = proposed(LONG, again(LONG, 1, total_counts=5.1e6))
    assert not proposal.pairs
    assert "cannot be told" in reasons(proposal)["file-1"]


def cohort_of(count: int) -> list[ScannedSeries]:
    """Plain pairs, to learn from what is usual."""
    return [
        again(scan, 10 + 2 * number + role, patient=f"q{number}", study=f"t{number}")
        for number in range(count)
        for role, scan in enumerate((LONG, SHORT))
    ]


def test_two_short_scans_of_a_patient_are_called_so(proposed):
    proposal = proposed(*cohort_of(2), SHORT, again(SHORT, 2))
    assert len(proposal.pairs) == 2
    assert "Two short scans" in reasons(proposal)["short"]
    assert "Two short scans" in reasons(proposal)["file-2"]


def test_two_reference_scans_of_a_patient_are_called_so(proposed):
    proposal = proposed(*cohort_of(2), LONG, again(LONG, 2))
    assert "Two reference scans" in reasons(proposal)["long"]


@pytest.mark.parametrize(
    ("scan", "missing"), [(LONG, "short scan is missing"), (SHORT, "reference scan is")]
)
def test_the_scan_that_is_missing_is_named(proposed, scan, missing):
    proposal = proposed(*cohort_of(2), scan)
    assert missing in reasons(proposal)[scan.name]


def test_a_scan_alone_without_others_to_compare_with_has_no_partner(proposed):
    assert "no partner" in reasons(proposed(LONG))["long"]


def test_other_patients_are_no_partners(proposed):
    proposal = proposed(LONG, replace(SHORT, patient="p2", study="s2"))
    assert not proposal.pairs
    assert "no partner" in reasons(proposal)["long"]
    assert "no partner" in reasons(proposal)["short"]


def test_one_patient_under_two_ids_is_shown_as_an_uncertain_pair(proposed):
    strangers = [
        again(scan, 20 + n, patient=f"z{n}", study=f"z{n}")
        for n, scan in enumerate((LONG, SHORT, LONG, SHORT))
    ]
    proposal = proposed(
        LONG,
        replace(SHORT, patient="p2", study="s2"),
        *strangers,
        heads={LONG.number: 7, SHORT.number: 7},
    )
    (pair,) = proposal.pairs
    assert (pair.reference.name, pair.short.name) == ("long", "short")
    assert not pair.certain
    assert "two patient ids" in pair.notes[0]
    assert len(proposal.singles) == 4


def test_one_patient_in_two_examinations_is_shown_as_an_uncertain_pair(proposed):
    (pair,) = proposed(LONG, replace(SHORT, study="s2")).pairs
    assert not pair.certain
    assert "two examinations" in pair.notes[0]


def test_of_three_scans_the_two_that_fit_best_are_shown_to_a_person(proposed):
    half = again(SHORT, 2, duration_s=750.0, total_counts=2.5e6)
    proposal = proposed(LONG, SHORT, half)
    (pair,) = proposal.pairs
    assert (pair.reference.name, pair.short.name) == ("long", "short")
    assert not pair.certain
    assert "3 scans" in pair.notes[0]
    assert "3 scans" in reasons(proposal)["file-2"]


def test_a_ct_of_the_examination_is_no_third_scan(proposed):
    ct = again(LONG, 2, modality="CT", duration_s=None, total_counts=1e8)
    proposal = proposed(LONG, SHORT, ct)
    assert proposal.pairs[0].certain
    assert list(reasons(proposal)) == ["file-2"]


@pytest.mark.parametrize("same", ["instances", "content"])
def test_the_same_image_twice_counts_once(proposed, same):
    copy = again(SHORT, 2, **{same: getattr(SHORT, same)})
    proposal = proposed(LONG, SHORT, copy)
    assert proposal.pairs[0].short == SHORT
    assert [(one.name, one.reason) for one in proposal.left_out] == [
        ("file-2", "It is the same image as short.")
    ]


RESAMPLED = {"shape": [20, 60, 60], "spacing_mm": [4.13, 4.13, 4.13]}


def test_other_pixel_sizes_are_named_in_millimetres(proposed):
    proposal = proposed(LONG, replace(SHORT, resampled_from=RESAMPLED))
    assert not proposal.pairs
    assert "4.13 mm" in reasons(proposal)["short"]
    assert "no partner" in reasons(proposal)["long"]


def test_other_pixel_sizes_are_taken_where_resampling_is_wanted(proposed):
    both = [replace(one, resampled_from=RESAMPLED) for one in (LONG, SHORT)]
    (pair,) = proposed(*both, resampling=True).pairs
    assert pair.certain
    assert [one.kind for one in pair.parity.findings] == ["resampled"]
    assert not pair.parity.blocking


def test_slices_too_small_for_the_study_are_refused(proposed):
    proposal = proposed(replace(LONG, shape=(32, 60, 60)), SHORT)
    assert "at least 64×64" in reasons(proposal)["long"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"shape": (33, 72, 72)}, "slices"),
        ({"shape": (32, 72, 80)}, "matrix"),
        ({"spacing_mm": (3.5, 3.29, 3.29)}, "spacing"),
    ],
)
def test_scans_of_unlike_grids_are_a_pair_only_if_a_person_says_so(
    proposed, change, kind
):
    (pair,) = proposed(LONG, replace(SHORT, **change)).pairs
    assert not pair.certain
    assert kind in [one.kind for one in pair.parity.blocking]


def test_a_slice_too_near_the_end_cannot_be_read(proposed):
    low = replace(LONG, candidates=LONG.candidates | {"central-region": 1})
    assert "Slice 2 of 32 is too near the end" in reasons(proposed(low, SHORT))["short"]


def test_a_hot_gland_is_told(proposed):
    gland = replace(LONG, candidates=LONG.candidates | {"hottest-voxel": 3})
    (pair,) = proposed(gland, SHORT).pairs
    assert pair.central_slice == 16
    assert pair.central_rule == "central-region"
    assert "slice 4" in pair.notes[0]


def named(*rows: tuple[int, str, str, str]) -> Manifest:
    manifest = Manifest([], name="manifest.csv")
    for line, (number, case, role, split) in enumerate(rows, start=2):
        manifest._by_scan[number] = Row(line, case, role, split)
    return manifest


def test_a_manifest_decides_over_everything(proposed):
    proposal = proposed(
        LONG,
        replace(SHORT, patient="p2"),
        again(SHORT, 2),
        manifest=named((0, "K7", "short", "test"), (1, "K7", "reference", "test")),
    )
    (pair,) = proposal.pairs
    assert (pair.code, pair.split, pair.certain) == ("K7", "test", True)
    assert pair.reference.name == "short"
    assert reasons(proposal) == {"file-2": NOT_NAMED}


def test_a_manifest_may_leave_the_roles_to_the_scans(proposed):
    (pair,) = proposed(
        SHORT, LONG, manifest=named((0, "K7", "", ""), (1, "K7", "", ""))
    ).pairs
    assert pair.reference == LONG


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, "K7", "", "")], "their number is 1."),
        ([(0, "K7", "short", ""), (1, "K7", "short", "")], "two scans of the same"),
    ],
)
def test_a_case_that_a_manifest_gives_no_pair_is_told(proposed, rows, words):
    proposal = proposed(LONG, SHORT, manifest=named(*rows))
    assert not proposal.pairs
    assert words in reasons(proposal)["long"]


def test_codes_are_given_by_digest_around_those_of_the_manifest(proposed):
    pairs = proposed(*cohort_of(3)).pairs
    named_pair = replace(pairs[0], code="C002")
    codes = {one.code: one.reference.patient for one in coded([named_pair, *pairs[1:]])}
    assert codes == {"C001": "q1", "C002": "q0", "C003": "q2"}
