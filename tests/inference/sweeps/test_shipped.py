"""The sweeps that docs/sweeps.md tells of: their points, and what is concluded."""

import json
from typing import Any

import pytest

from inference.simulated_pairs import physics_sha256
from inference.simulated_sweeps import measured_points
from inference.sweeps import tables
from inference.sweeps.findings import Findings, conclude
from tests.own_database import ROOT

pytestmark = pytest.mark.pure
TOLD = (ROOT / "docs" / "sweeps.md").read_text()
SUMMARY = (ROOT / "docs" / "stability.md").read_text()


def shipped(name: str) -> tuple[dict[str, Any], Findings]:
    told = json.loads((ROOT / "docs" / f"sweep-{name}-results.json").read_text())
    found = conclude(
        measured_points(told["points"], "validation"),
        factor=told["sweep"]["factor"],
        levels=told["sweep"]["levels"],
        margin=told["found"]["validation"]["margin"],
    )
    return told, found


@pytest.mark.parametrize("name", ["cases", "depth"])
def test_the_points_that_are_kept_conclude_what_is_told(name):
    told, found = shipped(name)
    kept = told["found"]["validation"]
    assert (found.best, found.smallest) == (kept["best"], kept["smallest"])
    for level, other in zip(found.levels, kept["levels"], strict=True):
        assert level.by_case.value == pytest.approx(other["by_case"]["value"])
        assert level.verdict == other["verdict"]
        mean = tables.with_interval(level.difference)
        for told_in in (TOLD, SUMMARY):
            assert level.verdict == "best" or mean in told_in
            assert f"{level.by_case.value:.2f}" in told_in


def test_the_curve_is_that_of_the_points():
    told, found = shipped("cases")
    for name in ("a", "b", "c", "twice", "unlimited"):
        kept = told["found"]["validation"]["fit"][name]
        estimate = getattr(found.fit, name)
        assert estimate.value == pytest.approx(kept["value"], rel=1e-3)
        assert estimate.low == pytest.approx(kept["low"], rel=0.02, abs=1e-4)


@pytest.mark.parametrize("name", ["cases", "depth"])
def test_they_were_run_on_what_would_be_simulated_now(name):
    told, _ = shipped(name)
    assert told["sweep"]["physics_sha256"] == physics_sha256()
    assert told["sweep"]["recipe"]["name"] == "short"
