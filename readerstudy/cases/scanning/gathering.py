"""The tomograms among the files that were sent: each file is decoded once.

Files are read here and decoded by processes of their own (`imaging.decoding`), two
at a time and only a few ahead, so that memory does not grow with what was sent.
Voxels go to the folder at once, those of single slices too.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from readerstudy.imaging.decoding import Decoder, decoders
from readerstudy.imaging.dicom_file import whole_file
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.scans import Scan
from readerstudy.imaging.study_types import DAT_SPECT
from readerstudy.imaging.tomogram import StoredImage

from ..digests import examination_digest, frame_digest, instance_digest, patient_digest
from ..manifest import Manifest
from ..plan import ScannedSeries, scan_path
from ..sources import UNREADABLE, LeftOut, Source
from ..storage.room import check_room
from .slices import SlicesOfSeries

Progress = Callable[[int, int], None]

SIDE_BY_SIDE = 2
AHEAD = 4  # files that are read before the first of them is done with
NO_AIR = gettext_noop(
    "None of its values is below zero, so it holds neither air nor fat: are they "
    "Hounsfield units?"
)
DAMAGED = gettext_noop("It is damaged: it cannot be read to its end.")


@dataclass
class Gathered:
    """steps: how many were reported."""

    scans: list[ScannedSeries] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    steps: int = 0


def gather(
    source: Source,
    *,
    folder: Path,
    progress: Progress,
    manifest: Manifest | None = None,
    study_type: str = DAT_SPECT,
) -> Gathered:
    """What was found, in the order of the files' names, and what was not taken.

    progress: called with the number of steps done and their total so far: one for
        each file, and another for each series of single slices.
    """
    with decoders(SIDE_BY_SIDE) as several, ThreadPoolExecutor(AHEAD) as pool:
        gathering = _Gathering(source, folder, manifest, several, study_type)
        try:
            gathering.read_files(pool, progress)
            gathering.assemble_slices(pool, progress)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return gathering.gathered


class _Gathering:
    def __init__(
        self,
        source: Source,
        folder: Path,
        manifest: Manifest | None,
        several: Iterable[Decoder],
        study_type: str,
    ) -> None:
        self.source, self.folder, self.manifest = source, folder, manifest
        self.study_type = study_type
        self.gathered = Gathered()
        self.series: dict[str, SlicesOfSeries] = {}  # by series UID
        self.free: SimpleQueue[Decoder] = SimpleQueue()
        for decoder in several:
            self.free.put(decoder)

    def read_files(self, pool: ThreadPoolExecutor, progress: Progress) -> None:
        names = self.source.names
        progress(0, len(names))
        for number, found in _in_order(pool, self._read, enumerate(names)):
            progress(number + 1, len(names) + len(self.series))
            if isinstance(found, Refused):
                self._leave_out([names[number]], str(found))
            elif isinstance(found, Scan):
                self._take(number, (names[number],), found)
            elif isinstance(found, StoredImage):
                self._take_slice(names[number], found)

    def assemble_slices(self, pool: ThreadPoolExecutor, progress: Progress) -> None:
        done, total = len(self.source.names), len(self.series)
        several = list(self.series.values())
        numbered = enumerate(several, start=done)
        for number, found in _in_order(pool, self._assemble, numbered):
            progress(number + 1, done + total)
            series = several[number - done]
            if isinstance(found, Refused):
                self._leave_out(series.names, str(found))
            else:
                assert isinstance(found, Scan)
                self._take(number, tuple(series.files), found)
                for name, first in series.doubled:
                    reason = gettext_noop("It is the same image as %(other)s.")
                    self._leave_out([name], reason % {"other": first})
        self.gathered.steps = done + total

    def _leave_out(self, names: Iterable[str], reason: str) -> None:
        self.gathered.left_out += [LeftOut(name, reason) for name in names]

    def _take(self, number: int, files: tuple[str, ...], scan: Scan) -> None:
        if self.manifest:
            self.manifest.assign(
                number,
                files=files,
                uids={*scan.sop_uids, scan.series_uid, scan.study_uid} - {""},
                patient=scan.patient_id,
            )
        found = scanned(scan, number=number, files=files, study_type=self.study_type)
        self.gathered.scans.append(found)

    def _take_slice(self, name: str, image: StoredImage) -> None:
        if image.series_uid not in self.series:
            path = self.folder / "slices" / str(len(self.series))
            self.series[image.series_uid] = SlicesOfSeries(path)
        self.series[image.series_uid].add(name, image)

    def _read(self, number: int, name: str) -> Scan | StoredImage | Refused:
        """One file; runs in a thread."""
        try:
            with self.source.open(name) as file:
                content = whole_file(file)
        except Refused as error:
            return error
        except UNREADABLE:
            return Refused(DAMAGED)
        return self._asked(
            number, lambda decoder: decoder.read(content, study_type=self.study_type)
        )

    def _assemble(
        self, number: int, series: SlicesOfSeries
    ) -> Scan | StoredImage | Refused:
        """One series of slices; runs in a thread."""
        try:
            images = series.images()
        except Refused as error:
            return error
        return self._asked(
            number, lambda decoder: decoder.assemble(images, study_type=self.study_type)
        )

    def _asked(
        self, number: int, ask: Callable[[Decoder], Scan | StoredImage]
    ) -> Scan | StoredImage | Refused:
        """Kept before the decoder is asked again: its arrays do not last longer."""
        with self._decoder() as decoder:
            try:
                found = ask(decoder)
            except Refused as error:
                return error
            if isinstance(found, StoredImage):
                return replace(found, frames=found.frames.copy())
            check_room(found.voxels.nbytes)
            np.save(scan_path(self.folder, number), found.voxels, allow_pickle=False)
            return replace(found, voxels=_only_shape(found))

    @contextmanager
    def _decoder(self) -> Iterator[Decoder]:
        decoder = self.free.get()
        try:
            yield decoder
        finally:
            self.free.put(decoder)


def _only_shape(scan: Scan) -> NDArray[Any]:
    """Of the shape of its voxels, without their bytes."""
    return np.broadcast_to(np.zeros((), scan.voxels.dtype), scan.voxels.shape)


def _in_order(
    pool: ThreadPoolExecutor,
    work: Callable[..., object],
    tasks: Iterable[tuple[int, object]],
) -> Iterator[tuple[int, object]]:
    """What `work` makes of each, in their order; few at a time are under way."""
    waiting: deque[tuple[int, Future[object]]] = deque()
    for number, task in tasks:
        waiting.append((number, pool.submit(work, number, task)))
        if len(waiting) >= AHEAD:
            first, future = waiting.popleft()
            yield first, future.result()
    while waiting:
        first, future = waiting.popleft()
        yield first, future.result()


def scanned(
    scan: Scan, *, number: int, files: tuple[str, ...], study_type: str = DAT_SPECT
) -> ScannedSeries:
    """`scan` without voxels and identifiers.

    A file without PatientID is a patient of its own study. An image whose instances
    are not all named (SOPInstanceUID) is known by its content.
    """
    study = scan.study_uid or scan.series_uid or files[0]
    slices, rows, columns = scan.voxels.shape
    named = all(scan.sop_uids)
    return ScannedSeries(
        number=number,
        files=files,
        patient=patient_digest(scan.patient_id or study),
        study=examination_digest(study),
        instances=instance_digest(scan.sop_uids if named else (scan.content,)),
        content=scan.content,
        modality=scan.modality,
        duration_s=scan.duration_s,
        total_counts=scan.total_counts,
        negative_voxels=scan.negative_voxels,
        shape=(slices, rows, columns),
        spacing_mm=scan.spacing_mm,
        origin_mm=scan.origin_mm,
        candidates=scan.candidates,
        description=scan.description,
        manufacturer=scan.manufacturer,
        frame=frame_digest(scan.frame_uid) if scan.frame_uid else "",
        acquired_at=scan.acquired_at.isoformat() if scan.acquired_at else "",
        age_years=scan.age_years,
        sex=scan.sex,
        resampled_from=scan.resampled_from,
        warnings=(*scan.warnings, *_doubts(scan)),
        study_type=study_type,
        unit=scan.unit,
        exposure_mas=scan.exposure_mas,
    )


def _doubts(scan: Scan) -> tuple[str, ...]:
    """What its values say against its unit."""
    if scan.unit == "HU" and not scan.negative_voxels:
        return (NO_AIR,)
    return ()
