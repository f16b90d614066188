"""kill -9 in the middle of a job, with real worker processes and a real broker."""

import shutil
from pathlib import Path

import pytest

from inference.computing import FIRST, MOST

from .houses import INSTALLATIONS, House, house

pytestmark = pytest.mark.slow
CASES = 60
METHOD = "unet-l4"


def empty_the_broker(one: House) -> None:
    if broker := one.environment.get("CELERY_BROKER_URL"):
        import redis

        redis.Redis.from_url(broker).flushall()
    else:
        shutil.rmtree(one.folder / "queue" / "messages")


def job(one: House, cohort: str) -> tuple[str, int]:
    """State, and attempts since it last got further."""
    (row,) = one.jobs("state, attempts", of=cohort)
    return row


def done(one: House, cohort: str) -> int:
    return len(one.renditions(cohort, METHOD))


@pytest.mark.parametrize("servers", INSTALLATIONS)
def test_a_worker_killed_in_the_middle_loses_nothing(tmp_path, servers):
    """Nor does a broker that loses every message: the images are those that an
    undisturbed run of the same makes, byte for byte."""
    with house(tmp_path, servers=servers) as one:
        one.do(
            f'weights = registered("{METHOD}")',
            'for name in ("interrupted", "undisturbed"):',
            f'    ask(make_cohort(name, cases={CASES}), "{METHOD}", weights)',
        )
        first = one.start_worker_with_beat()
        one.wait(lambda: done(one, "interrupted") >= FIRST, "the first cases")
        one.kill(first)
        assert job(one, "interrupted") == ("running", 1)
        before = one.renditions("interrupted", METHOD)
        assert FIRST <= len(before) < CASES

        empty_the_broker(one)
        one.start_worker_with_beat()
        for cohort in ("interrupted", "undisturbed"):
            one.wait(lambda c=cohort: job(one, c)[0] == "done", f"the job {cohort}")
            # an attempt that brought new images forgives those before it
            assert job(one, cohort) == ("done", 1)
        check_images(one, before)


def check_images(one: House, before: dict[str, tuple]) -> None:
    after = one.renditions("interrupted", METHOD)
    undisturbed = one.renditions("undisturbed", METHOD)
    assert len(after) == CASES
    # what was done stayed as it was: same row, same file, same moment
    assert before.items() <= after.items()
    assert {code: row[0] for code, row in after.items()} == {
        code: row[0] for code, row in undisturbed.items()
    }
    hashes = one.jobs("input_sha256, output_sha256")
    assert hashes[0] == hashes[1]
    assert all(len(value) == 64 for value in hashes[0])
    folder = one.folder / "media/renditions"
    stored = {path.name for path in folder.iterdir()}
    known = {
        Path(name).name for (name,) in one.rows('SELECT "values" FROM cases_rendition')
    }
    assert known <= stored
    assert len(stored - known) <= MOST  # those that were being written
