"""Networks at work: the runtime against plain torch and against the machine itself.

Processor time of one thread, so that other programs on the machine count for little;
each figure is the best of turns that the candidates take one after the other. A whole
job is measured by the clock, beside the bare network by the same clock.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .lines import Line

GFLOP = 0.388  # of one 64×64 image through U-Net(L4), docs/networks.md
TURNS = 12
SLICES = 5
# slices, as whole cases where there are several: one, a case, what a job sends at once
BATCHES = (1, SLICES, 16 * SLICES)
CASES = 50

# work in one call, in images or GFLOP, and the call
Candidate = tuple[float, Callable[[], object]]


def networks() -> Iterator[Line]:
    import torch

    torch.set_num_threads(1)
    network, engine = _shipped()
    rate = _rates({**_candidates(network, engine), **_products()})
    for batch in BATCHES:
        yield Line(
            f"U-Net(L4) in the runtime, one thread, {batch} at once",
            rate[f"runtime {batch}"],
            "images/s",
            rate[f"eager {batch}"],
            "torch eager, the same batch",
            "promised: at least 2" if batch == max(BATCHES) else "",
        )
    best = max(BATCHES, key=lambda batch: rate[f"runtime {batch}"])
    fastest = rate[f"runtime {best}"]
    yield Line(
        f"the same at its best batch ({best})",
        fastest,
        "images/s",
        rate["eager 1"],
        "torch eager, batch 1",
    )
    yield Line(
        "the same as arithmetic",
        fastest * GFLOP,
        "GFLOP/s",
        max(rate[name] for name in rate if name.startswith("product")),
        "float32 matrix products, one thread",
    )
    images = _images(1)
    apart = np.abs(engine.run(images[0])[:, None] - _eager(network, images[0]))
    yield Line(
        "largest difference from torch, in 0–1 units",
        float(apart.max()),
        "",
        note="promised: at most 1e-5",
    )


def jobs() -> Iterator[Line]:
    """From the start of a job to the last stored image, the export being there."""
    from inference import runtime, selectors, services
    from inference.exports import exports_folder
    from inference.models import Weights
    from inference.services.running import job_run
    from inference.services.weights import SHIPPED
    from tests.inference.conftest import make_cohort

    path = SHIPPED / "unet-l4.safetensors"
    weights = services.weights_add(
        content=path.read_bytes(), name=path.name, origin=Weights.Origin.SHIPPED
    )
    prepared = runtime.prepare(selectors.network_file(weights), cache=exports_folder())
    stacks = _images(CASES)
    bare, whole = [], []
    for turn in range(3):
        with runtime.open_session(prepared) as session:
            session.predict(stacks[:1])
            bare.append(_wall(partial(session.predict, stacks)))
        cohort = make_cohort(f"Bench {turn}", cases=CASES)
        job = services.job_request(cohort=cohort, method="unet-l4", weights=weights)
        whole.append(_wall(partial(job_run, job_id=job.pk)))
        job.refresh_from_db()
        assert (job.state, job.done) == ("done", CASES), job.message
    images = CASES * SLICES
    yield Line(
        f"a job of {images} images, start to stored",
        images / min(whole),
        "images/s",
        images / min(bare),
        "the bare runtime",
        "promised: at least 0.7",
    )


def _wall(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _shipped() -> tuple[Any, Any]:
    """U-Net(L4) as it is shipped, in torch's usual memory format and in the runtime."""
    import torch

    from inference import runtime
    from inference.networks.weights import parse_weights
    from inference.prediction import load_network
    from inference.runtime.engine import Engine
    from inference.services.weights import SHIPPED

    path = SHIPPED / "unet-l4.safetensors"
    file = runtime.NetworkFile("safetensors", path.read_bytes(), path.name)
    with TemporaryDirectory() as folder:
        prepared = runtime.prepare(file, cache=Path(folder))
    network = load_network(parse_weights(file.content, name=path.name))
    network.to(memory_format=torch.contiguous_format)
    return network, Engine(prepared.content)


def _images(cases: int) -> np.ndarray:
    shape = (cases, SLICES, 64, 64)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def _eager(network: Any, images: np.ndarray) -> np.ndarray:
    """(N, H, W) uint8 → (N, 1, H, W), as anybody would write it in torch."""
    import torch

    with torch.inference_mode():
        return network(torch.from_numpy(images[:, None]).float().div_(255)).numpy()


def _candidates(network: Any, engine: Any) -> dict[str, Candidate]:
    found: dict[str, Candidate] = {}
    for batch in BATCHES:
        stacks = _images(max(batch // SLICES, 1))[:, :batch]

        def ours(stacks: np.ndarray = stacks) -> None:
            for stack in stacks:
                engine.run(stack)

        found[f"runtime {batch}"] = batch, ours
        flat = stacks.reshape(batch, 64, 64)
        found[f"eager {batch}"] = batch, partial(_eager, network, flat)
    return found


def _products() -> dict[str, Candidate]:
    """Products of matrices, by numpy and by torch, and the work of each in GFLOP."""
    import torch

    found: dict[str, Candidate] = {}
    for size in (512, 1024, 2048):
        matrix = np.random.default_rng(0).random((size, size), dtype=np.float32)
        tensor = torch.from_numpy(matrix)
        work = 2 * size**3 / 1e9
        found[f"product {size}, numpy"] = work, partial(np.matmul, matrix, matrix)
        found[f"product {size}, torch"] = work, partial(torch.matmul, tensor, tensor)
    return found


def _rates(candidates: dict[str, Candidate]) -> dict[str, float]:
    """Name → work a second of processor time, the best of TURNS."""
    from threadpoolctl import threadpool_limits

    best = dict.fromkeys(candidates, float("inf"))
    with threadpool_limits(1):
        for turn in range(TURNS + 1):
            for name, (_, act) in candidates.items():
                start = time.process_time()
                act()
                if turn:  # the first one warms up
                    best[name] = min(best[name], time.process_time() - start)
    return {name: work / best[name] for name, (work, _) in candidates.items()}
