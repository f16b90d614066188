"""Run by test_confirm_page in a process of its own: eight windows on one plan."""

import json

from tests.at_once import THREADS, at_once  # sets Django up

from django.core.management import call_command  # isort: skip

from readerstudy.cases.services import pairing, uploads
from tests.cases.scans import both_scans, waiting_upload
from tests.cast import make_user


def main() -> None:
    call_command("migrate", verbosity=0)
    user = make_user("coordinator", coordinator=True)
    scans = [scan for number in range(THREADS + 1) for scan in both_scans(number)]
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
