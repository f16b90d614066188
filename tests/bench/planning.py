"""The random plan of a study."""

import random
from collections.abc import Iterator

from .lines import Line, cpu_seconds


def schedule() -> Iterator[Line]:
    from readerstudy.blinding.schedule import PlannedArm, build_schedule

    def naive() -> None:
        reads = [(case, arm) for case in range(500) for arm in range(11)]
        for _ in range(20):
            random.shuffle(reads)

    def planned() -> None:
        build_schedule(
            cases=[f"C{n:03}" for n in range(500)],
            arms=[PlannedArm(f"a{n}", repeated=n == 0) for n in range(10)],
            readers=[f"R{n}" for n in range(20)],
            sessions=11,
            spacing=5,
            seed="bench",
        )

    yield Line(
        "plan of 500 cases × 10 arms × 20 readers",
        cpu_seconds(planned, repeat=3),
        "CPU s",
        cpu_seconds(naive, repeat=3),
        "shuffling alone",
        "promised: under 5 s",
    )
