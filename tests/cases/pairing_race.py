"""Run by test_confirm_page in a process of its own: eight windows on one plan."""

import json
import threading
from collections.abc import Callable

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from readerstudy.cases.services import pairing, uploads  # noqa: E402
from readerstudy.imaging.errors import Refused  # noqa: E402
from tests.cases.scans import both_scans, waiting_upload  # noqa: E402
from tests.cast import make_user  # noqa: E402

WINDOWS = 8


def at_once(act: Callable[[int], object]) -> list[str]:
    barrier = threading.Barrier(WINDOWS)
    ended: list[str] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            act(number)
            ended.append("done")
        except Refused:
            ended.append("refused")
        except Exception as error:
            ended.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(WINDOWS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ended)


def main() -> None:
    call_command("migrate", verbosity=0)
    user = make_user("coordinator", coordinator=True)
    scans = [scan for number in range(WINDOWS + 1) for scan in both_scans(number)]
    upload = waiting_upload(user, *scans)
    told: dict[str, object] = {}
    told["each drops another"] = at_once(
        lambda n: pairing.pair_drop(upload=upload, reference=2 * n, short=2 * n + 1)
    )
    plan = uploads.upload_plan(upload)
    told["pairs left"] = len(plan.pairs)
    told["scans left"] = len(plan.scans)
    last = plan.pairs[0]
    told["all swap the same"] = at_once(
        lambda n: pairing.pair_swap(
            upload=upload, reference=last.reference.number, short=last.short.number
        )
    )
    told["made of the same"] = at_once(
        lambda n: pairing.pair_make(upload=upload, reference=0, short=1)
    )
    print(json.dumps(told))


if __name__ == "__main__":
    main()
