"""The stability suite of one arm: the shipped U-Net(L4), as a job runs it."""

import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from .lines import Line, cpu_seconds

CASES = 50
PROMISED_S = 180


def stability() -> Iterator[Line]:
    from dataclasses import replace

    from inference import runtime
    from inference.services.weights import SHIPPED
    from inference.stability import Settings, measure_arm, measure_case
    from readerstudy.imaging.preprocessing import to_eight_bit
    from tests.inference.stability.patients import patient, stored

    path = SHIPPED / "unet-l4.safetensors"
    file = runtime.NetworkFile("safetensors", path.read_bytes(), path.name)
    patients, settings = len(stored()["short"]), Settings()
    cases = [
        replace(patient(n % patients), code=f"C{n}", patient=f"P{n}")
        for n in range(CASES)
    ]
    asked, before = 0, os.times()
    with TemporaryDirectory() as folder:
        prepared = runtime.prepare(file, cache=Path(folder))
    with runtime.open_session(prepared) as session:

        def run(stacks: np.ndarray) -> np.ndarray:
            nonlocal asked
            asked += len(stacks)
            return session.predict(to_eight_bit(stacks))

        start = time.perf_counter()
        found = [measure_case(case, run=run, settings=settings) for case in cases]
        measure_arm(found, settings=settings)
        whole = time.perf_counter() - start
        stack = to_eight_bit(cases[0].short[None])
        session.predict(stack)
        start = time.perf_counter()
        for _ in range(10):
            session.predict(stack)
        bare = (time.perf_counter() - start) / 10 * asked
    used = sum(os.times()[:4]) - sum(before[:4])
    yield Line(
        f"stability of U-Net(L4) over {CASES} cases, {asked} stacks",
        whole,
        "s",
        bare,
        "the network alone",
        f"promised: at most {PROMISED_S} s on two cores",
    )
    yield Line("its processor time, of both processes", used, "s")
    images = replace(cases[0], output=cases[0].short)
    measure = partial(measure_case, images, run=None, settings=settings)
    yield Line(
        "the same of one case of which only images are there",
        cpu_seconds(measure, repeat=3),
        "s",
    )
