"""From a zip file to ready cases, against a loop that only decodes the same pixels."""

import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom.uid import UID, JPEGLSLossless

from tests.imaging.objects import as_file, head, nuclear_object

from .lines import ROOT, Line

SHAPE = {"slices": 83, "size": 128}  # 2.7 MB a scan
CASES, MANY = 50, 207
HEADS = 8  # volumes that differ; the others differ from them by one voxel
REPEAT = 3


def importing() -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="bench-zip-") as folder:
        path = Path(folder) / "cohort.zip"
        for syntax, told in ((JPEGLSLossless, "JPEG-LS"), (None, "uncompressed")):
            write_zip(path, cases=CASES, syntax=syntax)
            whole, bare = [], []
            for number in range(REPEAT):
                name = f"{told} {number}"
                bare.append(_seconds(partial(decode, path)))
                whole.append(_seconds(partial(import_zip, path, name)))
            yield Line(
                f"{CASES} cases from a zip to ready cases, {told}",
                min(whole),
                "s",
                min(bare),
                "pydicom decoding the same pixels",
                "promised: at most 1.5",
            )
        few = _peak_mib(path)
        write_zip(path, cases=MANY)
        unpacked = sum(info.file_size for info in zipfile.ZipFile(path).infolist())
        yield Line(
            f"peak memory as {MANY} cases are imported",
            _peak_mib(path),
            "MiB",
            few,
            f"that of {CASES} cases",
            f"promised: under 400; {unpacked / 2**30:.2f} GiB of files",
        )


def _peak_mib(path: Path) -> float:
    told = subprocess.run(
        [sys.executable, "-m", "tests.bench.importing", str(path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(told.stdout)


def write_zip(path: Path, *, cases: int, syntax: UID | None = None) -> None:
    """Reconstructed tomograms with the noise of counts, as a zip program packs them.

    syntax: None leaves their pixels as they are. Noise shrinks no further at levels
        above 1.
    """
    rng = np.random.default_rng(2026)
    volumes = {
        scale: [rng.poisson(_head(number, scale)) for number in range(HEADS)]
        for scale in (1, 5)
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for case in range(cases):
            for name, scale, frame_ms in (("A", 5, 25_000), ("B", 1, 5_000)):
                frames = volumes[scale][case % HEADS].astype(np.uint16)
                frames[0, 0, 0] = case
                ds = nuclear_object(
                    frames,
                    patient=f"P{case:04}",
                    study=f"1.2.3.{case}",
                    frame_ms=frame_ms,
                )
                if syntax:
                    ds.compress(syntax)
                packed.writestr(f"P{case:04}/{name}", as_file(ds).getvalue())


def _head(number: int, scale: int) -> np.ndarray:
    """With so much around it that it shrinks to half, as real reconstructions do."""
    smooth = head(**SHAPE, hot_slice=38 + number, scale=scale)
    return np.clip(smooth, 30 * scale, None)[::-1]


def decode(path: Path) -> int:
    import pydicom

    voxels = 0
    with zipfile.ZipFile(path) as packed:
        for info in packed.infolist():
            ds = pydicom.dcmread(BytesIO(packed.read(info)))
            voxels += ds.pixel_array.size
    return voxels


def import_zip(path: Path, name: str) -> None:
    from readerstudy.cases import services

    plan = services.cohort_scan(path)
    cohort = services.cohort_import(plan=plan, name=name, coordinators=[])
    assert cohort.cases.count() == len(zipfile.ZipFile(path).infolist()) // 2


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main(path: Path) -> None:
    """One import in processes of its own: their peaks of memory together, in MiB."""
    import django

    django.setup()
    from readerstudy.imaging.decoding import decoders

    import_zip(path, f"Memory {path.stat().st_size}")
    with decoders(2) as several:  # those that the import has just used
        pids = [one.pid for one in several]
        print(sum(map(_peak_kib, [os.getpid(), *pids])) / 1024)


def _peak_kib(pid: int) -> int:
    """proc(5): the most that was resident."""
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(line)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
