"""`make bench`: measure what was promised to be fast, and write var/bench.json.

Machines differ and are noisy, so every line has a baseline that runs in the same
call and a ratio to it; counts (statements, bytes) are exact.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from django.test import Client

ROOT = Path(__file__).resolve().parents[1]
THIRTEEN = ("reference", "short", *(f"network-{number}" for number in range(1, 12)))


@dataclass(frozen=True)
class Line:
    name: str
    value: float
    unit: str
    baseline: float | None = None
    compared_with: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    def __str__(self) -> str:
        text = f"{self.name:<44} {self.value:>10.4g} {self.unit:<12}"
        if self.ratio is not None:
            text += f" {self.ratio:>8.3g} × {self.compared_with}"
        return f"{text}  {self.note}".rstrip()


def cpu_seconds(act: Callable[[], object], *, repeat: int = 1) -> float:
    """The least processor time of `repeat` runs: other programs do not count."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        act()
        best = min(best, time.process_time() - start)
    return best


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


def start_up() -> Iterator[Line]:
    """Processor time of a fresh interpreter that imports what is named."""

    def seconds(code: str) -> float:
        code = f"{code}\nimport resource, sys\nu = resource.getrusage(0)\n"
        code += "print(u.ru_utime + u.ru_stime, 'torch' in sys.modules)"
        best = float("inf")
        for _ in range(3):
            said = subprocess.run(
                [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
            ).stdout.split()
            assert said[-1] == "False" or "torch" in code.split("\n")[0]
            best = min(best, float(said[-2]))
        return best

    web = "import readerstudy.config.wsgi, django.urls as u; u.get_resolver().check()"
    yield Line(
        "start of the web process",
        seconds(web),
        "CPU s",
        seconds("import torch"),
        "importing torch",
    )


@contextmanager
def embedded_profile() -> Iterator[None]:
    """Django as `make run` has it: SQLite on disk, in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ["VAR_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "readerstudy.config.settings.embedded"
        import django
        from django.conf import settings
        from django.core.management import call_command

        django.setup()
        settings.ALLOWED_HOSTS = ["testserver"]
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        yield


def reader_logged_in() -> "Client":
    """Of a study of 30 cases that is open."""
    from django.test import Client

    from tests.cast import make_user
    from tests.factory import make_cohort, make_study

    coordinator = make_user("coordinator", coordinator=True)
    reader = make_user("reader")
    cohort = make_cohort(cases_wanted=30, coordinators=[coordinator])
    make_study(cohort, coordinator=coordinator, readers=[reader])
    client = Client()
    client.force_login(reader)
    return client


def reading() -> Iterator[Line]:
    """One answer and the next images, over the whole HTTP stack but the socket."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from readerstudy.reading.models import Read

    client = reader_logged_in()
    page = client.get("/read/phantom-study/")
    token = Read.objects.get(first_shown_at__isnull=False).token

    circumstances = {"away_ms": 0, "side": 400, "screen": "1920x1080"}

    def step() -> int:
        nonlocal token
        answer = client.post(
            "/read/phantom-study/submit/",
            {"token": token, "key": token, "grade-right": 3, "grade-left": 2}
            | circumstances,
        )
        token, ahead = answer.json()["token"], answer.json()["next"]
        pixels = client.get(f"/read/phantom-study/pixels/{ahead}/")
        assert pixels.status_code == 200
        return len(answer.content) + len(pixels.content)

    step()  # the session learns its device
    with CaptureQueriesContext(connection) as queries:
        received = step()
    statements = len(queries)  # the next request clears the log
    seconds = cpu_seconds(lambda: [step() for _ in range(20)]) / 20
    client.get("/healthz")
    floor = cpu_seconds(lambda: [client.get("/healthz") for _ in range(20)]) / 20
    yield Line("answer and next images", statements, "statements")
    yield Line("answer and next images", received, "bytes")
    yield Line(
        "answer and next images", seconds * 1e3, "CPU ms", floor * 1e3, "GET /healthz"
    )
    yield Line("reading page, without its files", len(page.content), "bytes")


def opening() -> Iterator[Line]:
    """The preflight of the first study's size, which reads and hashes every image."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from readerstudy.cases.models import Rendition
    from readerstudy.reading.preflight.checks import preflight
    from tests.cast import make_user
    from tests.factory import make_cohort, make_study

    coordinator = make_user("opening-coordinator", coordinator=True)
    cohort = make_cohort(
        "Fifty", cases_wanted=50, coordinators=[coordinator], methods=THIRTEEN
    )
    draft = make_study(
        cohort,
        coordinator=coordinator,
        readers=[make_user("opening-reader")],
        slug="draft",
        methods=THIRTEEN,
        repeated="network-1",
        opened=False,
    )

    def hashed_alone() -> None:
        for rendition in Rendition.objects.filter(case__cohort=cohort):
            with rendition.values.open() as file:
                hashlib.sha256(file.read())

    with CaptureQueriesContext(connection) as queries:
        assert preflight(draft) == []
    statements = len(queries)
    yield Line("preflight of 50 cases × 13 arms", statements, "statements")
    yield Line(
        "preflight of 50 cases × 13 arms",
        cpu_seconds(lambda: preflight(draft), repeat=3),
        "CPU s",
        cpu_seconds(hashed_alone, repeat=3),
        "hashing the files alone",
    )


def report() -> Iterator[Line]:
    """What the report computes of 3 readers of the cohort that `opening` has made."""
    from readerstudy.cases.models import Cohort
    from stats import selectors
    from stats.agreement_tables import kappa_lines
    from stats.analysis_plan import analysis_plan
    from stats.blinding_tables import blinding, guesses_given
    from stats.primary import primary_comparison
    from tests.stats.conducted import add_guesses, give_plan
    from tests.stats.studies import make_study

    study = make_study(
        Cohort.objects.get(name="Fifty"), methods=THIRTEEN, repeated="network-1"
    )
    give_plan(study, primary_arm="network-1")
    add_guesses(study)
    readers = list(selectors.study_readers(study))
    readings, plan = selectors.readings(study), analysis_plan(study.protocol)

    primary = partial(primary_comparison, study, plan, readings, readers)
    assert primary().control is not None
    yield Line(
        "blinding index, 3 readers × 14 × 50 reads",
        cpu_seconds(lambda: blinding(study, readers), repeat=3) * 1e3,
        "CPU ms",
        cpu_seconds(lambda: guesses_given(study), repeat=3) * 1e3,
        "fetching the guesses alone",
    )
    yield Line(
        "primary comparison, 3 readers × 50 patients",
        cpu_seconds(primary, repeat=3) * 1e3,
        "CPU ms",
        cpu_seconds(
            lambda: kappa_lines(study, readings, readers, weighting=plan.weighting),
            repeat=3,
        )
        * 1e3,
        "kappa of all arms and readers",
    )


def simulation() -> Iterator[Line]:
    import torch

    from readerstudy.simulation.cohort import simulate_pair

    torch.set_num_threads(2)
    matrix = torch.rand(1024, 1024)

    def products() -> None:
        for _ in range(20):
            matrix @ matrix

    def wall(act: Callable[[], object]) -> float:
        start = time.perf_counter()
        act()
        return time.perf_counter() - start

    simulate_pair(seed=0, index=0)
    yield Line(
        "both scans of a simulated patient",
        min(wall(partial(simulate_pair, seed=0, index=n)) for n in (1, 2)),
        "s",
        min(wall(products) for _ in range(3)),
        "20 products of 1024² matrices",
        "promised: at most 8 s on two cores",
    )


def inference() -> Iterator[Line]:
    import torch

    from inference.networks.weights import parse_weights
    from inference.prediction import load_unet, measure_images_per_second
    from inference.services.weights import SHIPPED

    path = SHIPPED / "unet-l4.safetensors"
    network = load_unet(parse_weights(path.read_bytes(), name=path.name))
    ours = measure_images_per_second(network, seconds=4)
    plain = network.to(memory_format=torch.contiguous_format)
    yield Line(
        "U-Net(L4) on one thread",
        ours,
        "images/s",
        measure_images_per_second(plain, seconds=4),
        "torch's usual memory format",
    )


def image_quality() -> Iterator[Line]:
    from skimage.metrics import structural_similarity

    from stats.image_quality import structural_similarities

    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 256, (2, 250, 64, 64), dtype=np.uint8)

    def loop() -> None:
        for a, b in zip(first, second, strict=True):
            structural_similarity(
                a, b, data_range=255, gaussian_weights=True, use_sample_covariance=False
            )

    yield Line(
        "SSIM of 250 images at two ranges",
        cpu_seconds(
            lambda: structural_similarities(first, second, data_ranges=[255, 1]),
            repeat=3,
        ),
        "CPU s",
        cpu_seconds(loop, repeat=3) * 2,
        "scikit-image, image by image",
    )


def coverage() -> Iterator[Line]:
    from tests.stats.coverage import interval_coverage

    found = interval_coverage(replicates=4000, seed=1)
    yield Line(
        "coverage of kappa's 95 % interval, 50 patients",
        100 * found.clustered,
        "%",
        100 * found.plain,
        "the plain interval of 1969",
        "promised: 94 to 96 %",
    )


def main() -> None:
    target = Path(os.environ.get("VAR_DIR", ROOT / "var")) / "bench.json"
    lines: list[Line] = []
    with embedded_profile():
        for part in (
            schedule,
            start_up,
            reading,
            opening,
            report,
            simulation,
            inference,
            image_quality,
            coverage,
        ):
            for line in part():
                print(line, flush=True)
                lines.append(line)
    target.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(line), "ratio": line.ratio} for line in lines]
    target.write_text(json.dumps(rows, indent=1))
    print(f"written to {target}")


if __name__ == "__main__":
    main()
