"""PostgreSQL and Redis die beneath a site at work, and come back."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.computing import FIRST
from tests.inference.houses import House
from tests.servers import Postgres, production_environment, redis_server

from .conftest import needs_servers
from .sites import Site

PATIENCE_S = 90
pytestmark = [pytest.mark.faults, *needs_servers]
COMMAND_S = 20
CASES = 60
METHOD = "unet-l4"


def test_readers_go_on_when_the_database_was_killed_and_is_back(
    make_site: Callable[..., Site], postgres: Postgres, tmp_path: Path
) -> None:
    site = make_site("production", tmp_path, readers=20, cases=10)
    site.start_web()
    with site.crowd(answers=25) as crowd:
        for taken in (100, 250):
            crowd.wait_for(taken)
            postgres.kill()
            time.sleep(1)
            postgres.start()
    site.check(crowd, answers=500)
    assert len(crowd.trouble) >= 20, "nobody noticed that it was killed"
    for said in crowd.trouble:  # plainly, and that it may be tried again
        assert said.startswith("503: ") and "The database does not answer" in said


def test_readers_do_not_notice_that_the_broker_is_gone(
    make_site: Callable[..., Site], tmp_path: Path
) -> None:
    with redis_server() as redis:
        site = make_site("production", tmp_path, readers=5, cases=4, redis=redis)
        site.start_web()
        redis.kill()
        with site.crowd(answers=12) as crowd:
            pass
        site.check(crowd, answers=60)
        assert crowd.trouble == []


def test_a_job_asked_for_without_a_broker_is_done_once_there_is_one(
    make_site: Callable[..., Site], tmp_path: Path
) -> None:
    with redis_server() as redis:
        site = make_site("production", tmp_path, readers=1, cases=4, redis=redis)
        house = House(tmp_path, site.environment, site.environment["DATABASE_URL"])
        house.patience_s = PATIENCE_S
        site.start_web()
        redis.kill()
        status, content, seconds = site.ask_as_coordinator(
            "/cohorts/1/jobs/request/", {"method": "bilateral"}
        )
        assert status == 302, content
        assert seconds < COMMAND_S
        assert house.jobs("state") == [("queued",)]
        redis.start()
        house.start_worker()
        try:
            house.wait(lambda: house.jobs("state") == [("done",)], "the job")
        finally:
            house.end()
        assert len(house.renditions("Phantoms", "bilateral")) == 4


def test_a_worker_outlives_its_database_and_its_broker(
    postgres: Postgres, tmp_path: Path
) -> None:
    """The job it was at is done in the end, each image once, by the same worker."""
    with redis_server() as redis:
        environment = production_environment(postgres, redis, tmp_path)
        house = House(tmp_path, environment, environment["DATABASE_URL"])
        house.patience_s = PATIENCE_S
        house.do(
            'call_command("migrate", verbosity=0)',
            f'weights = registered("{METHOD}")',
            f'ask(make_cohort("Phantoms", cases={CASES}), "{METHOD}", weights)',
        )
        worker = house.start_worker_with_beat()
        try:
            house.wait(
                lambda: len(house.renditions("Phantoms", METHOD)) >= FIRST,
                "the first cases",
            )
            assert house.jobs("state") == [("running",)]
            postgres.kill()
            redis.kill()
            time.sleep(2)
            redis.start()
            postgres.start()
            # it looks for its database every two seconds, and may have found it by now
            told = house.jobs("state, attempts")
            assert told in ([("running", 1)], [("queued", 1)])
            house.wait(lambda: house.jobs("state") != [("running",)], "its giving up")
            house.call_waiting()
            house.wait(lambda: house.jobs("state") == [("done",)], "the job")
            assert worker.poll() is None
        finally:
            house.end()
        assert len(house.renditions("Phantoms", METHOD)) == CASES
