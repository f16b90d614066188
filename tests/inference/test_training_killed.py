"""kill -9 in the middle of a training, with real worker processes and real brokers."""

import json
import shutil
import signal
from pathlib import Path

import pytest

from inference.networks.weights import parse_weights

from .houses import INSTALLATIONS, PATIENCE_S, House, house

pytestmark = pytest.mark.slow
EPOCHS = 200  # they are told every two seconds, in which many are over
ASK = f"""
from tests.inference.learners import ask as ask_training, make_divided
def train(title, epochs={EPOCHS}):
    from readerstudy.cases.models import Cohort
    cohort = Cohort.objects.filter(name="Divided").first() or make_divided()
    ask_training(cohort, epochs=epochs, title=title)
"""


def trainings(one: House, what: str) -> list[tuple]:
    """Columns of the trainings in the order in which they were asked for."""
    return one.rows(f"SELECT {what} FROM inference_training ORDER BY id")


def weights(one: House, title: str) -> Path:
    ((name,),) = one.rows(f"SELECT file FROM inference_weights WHERE title = '{title}'")
    return one.folder / "media" / name


def epochs_told(history: object) -> list[int]:
    rows = json.loads(history) if isinstance(history, str) else history
    return [row["number"] for row in rows]


def start_training_worker(one: House):
    return one.start_worker("--queues=training")


@pytest.mark.parametrize("servers", INSTALLATIONS)
def test_a_killed_training_goes_on_and_ends_in_the_same_weights(tmp_path, servers):
    with house(tmp_path, servers=servers) as one:
        one.environment["TRAINING_CHECKPOINT_SECONDS"] = "0.1"
        one.do(ASK, 'train("killed")')
        for least in (5, 30):  # killed twice
            worker = start_training_worker(one)
            one.wait(
                lambda least=least: trainings(one, "epochs_done")[0][0] >= least,
                f"epoch {least}",
            )
            one.kill(worker)
            state, done, kept = trainings(one, "state, epochs_done, checkpoint")[0]
            assert state == "running"
            assert done < EPOCHS
            assert (one.folder / "media" / kept).exists()
            if not servers:  # the broker forgets as well
                shutil.rmtree(one.folder / "queue" / "messages")
        worker = start_training_worker(one)
        one.wait(lambda: trainings(one, "state")[0][0] == "done", "its end")
        one.do(ASK, 'train("undisturbed")')
        one.wait(lambda: trainings(one, "state")[1][0] == "done", "the other's end")
        killed, undisturbed = (
            parse_weights(weights(one, title).read_bytes(), name=title)
            for title in ("killed", "undisturbed")
        )
        assert killed.parameters.keys() == undisturbed.parameters.keys()
        for name, numbers in killed.parameters.items():
            assert numbers.tobytes() == undisturbed.parameters[name].tobytes(), name
        assert killed.card.results == undisturbed.card.results
        for (history,) in trainings(one, "history"):
            assert epochs_told(history) == [*range(1, EPOCHS + 1)]


@pytest.mark.sqlite
def test_a_worker_that_is_asked_to_end_lays_its_training_down_first(tmp_path):
    with house(tmp_path, servers=False) as one:
        # epochs are told every two seconds, in which many are over
        one.do(ASK, 'train("laid down", epochs=500)')
        worker = start_training_worker(one)
        one.wait(lambda: trainings(one, "epochs_done")[0][0] >= 2, "an epoch")
        worker.send_signal(signal.SIGTERM)
        worker.wait(PATIENCE_S)
        state, claim, attempts, kept = trainings(
            one, "state, claimed_by, attempts, checkpoint"
        )[0]
        assert (state, claim, attempts) == ("queued", "", 0)
        assert kept
        assert (one.folder / "media" / kept).exists()
        start_training_worker(one)
        one.wait(lambda: trainings(one, "state")[0][0] == "done", "its end")


@pytest.mark.sqlite
def test_trainings_and_all_else_do_not_wait_for_each_other(tmp_path):
    with house(tmp_path, servers=False) as one:
        one.environment["WORKER_ENDS_AFTER_TRAINING"] = "1"
        one.do(
            ASK,
            'train("mine", epochs=5)',
            'ask(make_cohort("others", cases=2), "gaussian")',
        )
        other = one.start_worker("--exclude-queues=training")
        one.wait(lambda: one.jobs("state") == [("done",)], "the job")
        assert trainings(one, "state") == [("queued",)]
        one.kill(other)
        worker = start_training_worker(one)
        one.do('ask(make_cohort("more", cases=2), "gaussian")')
        one.wait(lambda: trainings(one, "state") == [("done",)], "the training")
        # it has loaded much, and leaves so that a small one can take its place
        assert worker.wait(PATIENCE_S) == 0
        assert one.jobs("state", of="more") == [("queued",)]
