"""Two real workers on the jobs of one cohort, and networks that kill their process."""

import os
import signal
import subprocess
import time

import pytest

from .houses import (
    INSTALLATIONS,
    PATIENCE_S,
    House,
    house,
    process_of_a_network,
)

pytestmark = pytest.mark.slow
CASES = 30


@pytest.mark.parametrize("servers", INSTALLATIONS)
def test_two_workers_share_jobs_and_outlive_their_networks(tmp_path, servers):
    """Each case is done once, however many calls there are; a network that crashes
    or wants all memory fails its own job, and no worker ends with it."""
    with house(tmp_path, servers=servers) as one:
        workers = [one.start_worker_with_beat(), one.start_worker()]
        one.wait(lambda: len(living(one)) == 2, "both workers")
        assert all("cpu" in queues and "gpu" not in queues for queues in living(one))
        share_a_cohort(one)
        a_network_crashes(one, workers)
        a_network_wants_all_memory(one)
        assert [worker.poll() for worker in workers] == [None, None]
        end_a_worker(one, workers[1])


def living(one: House) -> list[str]:
    return [str(row[0]) for row in one.rows("SELECT queues FROM inference_worker")]


def ended(one: House, of: str) -> bool:
    return all(
        state in ("done", "failed") for (state,) in one.jobs("state", of=of)
    ) and bool(one.jobs("state", of=of))


def share_a_cohort(one: House) -> None:
    one.do(
        f'shared = make_cohort("shared", cases={CASES})',
        'jobs = [ask(shared, "unet-l1", registered("unet-l1"))]',
        'jobs += [ask(shared, "gaussian"), ask(shared, "bilateral")]',
        "from inference.tasks import run_job",
        "for _ in range(3):",  # as often as a broker may deliver it
        "    for job in jobs: run_job.delay(job.pk)",
    )
    one.wait(lambda: ended(one, "shared"), "the jobs")
    time.sleep(1.5)  # for calls that come late
    assert one.jobs("state, done, attempts", of="shared") == [("done", CASES, 1)] * 3
    for method in ("unet-l1", "gaussian", "bilateral"):
        assert len(one.renditions("shared", method)) == CASES
    logs = [one.log(number).read_text() for number in range(2)]
    taken_up = [log.count(f"taken up, {CASES} of {CASES} cases") for log in logs]
    assert sum(taken_up) == "".join(logs).count("taken up") == 3, "each job once"
    assert all(taken_up), "both had a part"
    # no image was written twice: every file has its row
    (count,) = one.rows("SELECT count(*) FROM cases_rendition")[0]
    assert len(list((one.folder / "media/renditions").iterdir())) == count


def a_network_crashes(one: House, workers: list[subprocess.Popen[bytes]]) -> None:
    found: list[int] = []

    def computing() -> bool:
        found[:] = filter(None, map(process_of_a_network, workers))
        return bool(found) and one.jobs("device", of="crashing") == [("cpu",)]

    one.do(
        'ask(make_cohort("crashing", cases=2), "onnx", whole("x", graphs.endless()))'
    )
    one.wait(computing, "the network")
    os.kill(found[0], signal.SIGSEGV)
    one.wait(lambda: ended(one, "crashing"), "the job's end")
    ((state, message, done),) = one.jobs("state, message, done", of="crashing")
    assert (state, done) == ("failed", 0)
    assert message == (
        "The network ended its process by signal 11 (segmentation fault)."
    )


def a_network_wants_all_memory(one: House) -> None:
    one.do(
        'greedy = make_cohort("greedy", cases=2)',
        'ask(greedy, "onnx", whole("y", graphs.greedy()))',
        'ask(greedy, "onnx", whole("z", graphs.halving()))',
    )
    one.wait(lambda: ended(one, "greedy"), "the jobs' end")
    wanting, next_one = one.jobs("state, message, done", of="greedy")
    assert wanting[::2] == ("failed", 0)
    assert wanting[1].startswith("The network needed more than")
    assert next_one == ("done", "", 2)


def end_a_worker(one: House, worker: subprocess.Popen[bytes]) -> None:
    """It says so itself when it is asked to end."""
    worker.send_signal(signal.SIGTERM)
    one.wait(lambda: len(living(one)) == 1, "its word")
    worker.wait(PATIENCE_S)
