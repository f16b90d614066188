"""No study reads scans that differ in more than their time without a reason."""

import pytest

from readerstudy.cases.plan import ParityFinding, ParityReport
from readerstudy.cases.services.parity import cohort_accept_parity
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.preflight.checks import preflight


def let_differ(cohort, code: str, kind: str, *, blocking: bool = True) -> None:
    finding = ParityFinding(kind, "They differ.", blocking)
    case = cohort.cases.get(code=code)
    case.parity = ParityReport((0.0, 0.0, 9.9), 5.0, (finding,)).to_json()
    case.save()


def test_a_difference_blocks_until_it_is_accepted_with_a_reason(make_draft, cast):
    study = make_draft()
    assert preflight(study) == []
    let_differ(cast.cohort, "C001", "offset")
    let_differ(cast.cohort, "C002", "offset")
    let_differ(cast.cohort, "C003", "negative")
    found = [one.message for one in preflight(study)]
    assert len(found) == 2
    assert "2 cases" in found[0]
    assert "(displacement): C001, C002." in found[0]
    assert "(values below zero): C003." in found[1]
    with pytest.raises(Refused, match="displacement"):
        services.study_open(study=study, by=cast.coordinator)
    for kind in ("offset", "negative"):
        cohort_accept_parity(
            cohort=cast.cohort, kind=kind, reason="Same bed.", by=cast.coordinator
        )
    assert preflight(study) == []
    services.study_open(study=study, by=cast.coordinator)


def test_what_could_neither_bias_nor_unblind_blocks_nothing(make_draft, cast):
    study = make_draft()
    let_differ(cast.cohort, "C001", "position", blocking=False)
    assert preflight(study) == []


def test_a_case_that_the_study_does_not_read_blocks_nothing(make_draft, cast):
    cast.cohort.cases.exclude(code="C001").update(split="test")
    study = make_draft(case_split="test")
    let_differ(cast.cohort, "C001", "offset")
    assert preflight(study) == []


def test_an_accepted_geometry_does_not_block_a_second_time(make_draft, cast):
    """The stored scans still differ; that is what was accepted."""
    study = make_draft()
    scan = cast.cohort.cases.get(code="C001").series.get(role="short")
    scan.slices = 59
    scan.save()
    assert "59" in preflight(study)[0].message, "nobody compared the scans"
    let_differ(cast.cohort, "C001", "slices")
    assert "number of slices" in preflight(study)[0].message
    cohort_accept_parity(
        cohort=cast.cohort, kind="slices", reason="Both hold it.", by=cast.coordinator
    )
    assert preflight(study) == []
