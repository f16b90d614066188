"""kill -9 in the middle of a run of the stability suite, with real workers."""

import json
from pathlib import Path

import pytest

from .houses import INSTALLATIONS, House, house

pytestmark = pytest.mark.slow
CASES = 4
NAMES = ("interrupted", "undisturbed")


def found_so_far(one: House) -> dict[str, str]:
    """File of what was found of a case → that of its maps, of those that are whole."""
    found = {}
    for path in (one.folder / "media/stability").glob("run-1-*.json"):
        try:
            found[path.name] = json.loads(path.read_text())["maps"]["file"]
        except (ValueError, OSError):  # it is being written, or has gone just now
            continue
    return found


def runs(one: House) -> list[tuple]:
    return one.rows(
        "SELECT state, done, attempts FROM inference_stabilityrun ORDER BY id"
    )


def cases(one: House, cohort: str) -> dict[str, tuple]:
    """Code → numbers, SHA-256 of the maps, their file."""
    rows = one.rows(
        "SELECT k.code, s.numbers, s.sha256, s.maps FROM cases_stabilitycase s "
        "JOIN cases_case k ON k.id = s.case_id "
        f"JOIN cases_cohort c ON c.id = k.cohort_id WHERE c.name = '{cohort}'"
    )
    return {code: more for code, *more in rows}


@pytest.mark.parametrize("servers", INSTALLATIONS)
def test_a_run_whose_worker_was_killed_goes_on_where_it_was(
    tmp_path: Path, servers: bool
) -> None:
    """What was found before is not found again, what is found in the end is what an
    undisturbed run finds, and no page ever has half of it."""
    with house(tmp_path, servers=servers) as one:
        one.do(
            f"for name in {NAMES}:",
            f"    cohort = make_cohort(name, cases={CASES})",
            '    services.stability_request(cohort=cohort, method="short")',
        )
        first = one.start_worker_with_beat()
        one.wait(lambda: found_so_far(one), "the first case")
        one.kill(first)
        before = found_so_far(one)
        assert 1 <= len(before) < CASES
        # waiting: on a slow machine it has just let the other one go first
        assert runs(one)[0][0] in ("running", "queued")
        assert cases(one, "interrupted") == {}

        one.start_worker_with_beat()
        one.wait(lambda: runs(one) == [("done", CASES, 1)] * 2, "both runs")
        interrupted, undisturbed = (cases(one, name) for name in NAMES)
        files = {file for _, _, file in interrupted.values()}
        assert set(before.values()) <= files
        assert {code: row[:2] for code, row in interrupted.items()} == {
            code: row[:2] for code, row in undisturbed.items()
        }
        one.wait(lambda: not found_so_far(one), "the end of what was half done")
        known = files | {file for _, _, file in undisturbed.values()}
        left = {
            f"stability/{p.name}" for p in (one.folder / "media/stability").iterdir()
        }
        assert known <= left and len(left - known) <= 1  # that which was being written
