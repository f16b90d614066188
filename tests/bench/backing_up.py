"""How long a backup of a system of the demo's size takes, beside a plain copy."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from .lines import Line

CASES = 12
ARMS = ("reference", "short", *(f"network-{number}" for number in range(1, 7)))
PASSPHRASE = "correct horse battery staple"


def backing_up() -> Iterator[Line]:
    from readerstudy.operations.backup.making import backup_make

    fill()
    with tempfile.TemporaryDirectory(dir=os.environ["VAR_DIR"]) as name:
        folder = Path(name)
        copying = fastest(lambda at: plain_copy(folder / at))
        size = sum(one.stat().st_size for one in folder.glob("0/**/*") if one.is_file())
        for kind, passphrase in (("", None), (", sealed", PASSPHRASE)):

            def make(at: str, passphrase: str | None = passphrase) -> None:
                path = folder / f"{at}{bool(passphrase)}.backup"
                backup_make(
                    path=path, passphrase=passphrase, progress=lambda line: None
                )

            seconds = fastest(make)
            made = (folder / f"0{bool(passphrase)}.backup").stat().st_size
            yield Line(
                f"backup of {CASES} cases in {len(ARMS)} arms{kind}",
                seconds,
                "s",
                copying,
                "a plain copy, on disk",
                note=f"{made / 1e6:.0f} MB of {size / 1e6:.0f} MB",
            )


def fill() -> None:
    import numpy as np
    from django.core.files.base import ContentFile

    from readerstudy.cases.models import Series
    from tests.cast import make_user
    from tests.factory import make_cohort, make_study

    people = [make_user(f"backed-up-{number}") for number in range(4)]
    owner = make_user("backing-up", coordinator=True)
    cohort = make_cohort(
        "Backed up", cases_wanted=CASES, coordinators=[owner], methods=ARMS
    )
    make_study(
        cohort,
        slug="backed-up",
        coordinator=owner,
        readers=people[:3],
        statistician=people[3],
        methods=ARMS,
        repeated="network-1",
    )
    rng = np.random.default_rng(1)
    for series in Series.objects.filter(case__cohort=cohort):
        counts = rng.poisson(20, (60, 128, 128)).astype(np.float32)
        file = BytesIO()
        np.save(file, counts)
        series.counts.save("x.npy", ContentFile(file.getvalue()))


def fastest(act: Callable[[str], None]) -> float:
    """Seconds, until all is on disk; the least of three."""
    best = float("inf")
    for number in range(3):
        os.sync()
        start = time.perf_counter()
        act(str(number))
        best = min(best, time.perf_counter() - start)
    return best


def plain_copy(target: Path) -> None:
    from django.conf import settings

    shutil.copytree(settings.MEDIA_ROOT, target / "media")
    for path in Path(settings.VAR_DIR).glob("db.sqlite3*"):
        shutil.copy(path, target)
    for path in target.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
