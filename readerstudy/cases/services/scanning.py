"""From files to a plan that a person confirms: each file is decoded once.

Identifiers live only inside `scan_source`: what leaves it are keyed digests, and
voxels without any identifier in the plan's folder. The DICOM files are not kept.
"""

import hashlib
import logging
import secrets
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from django.utils.translation import gettext_noop

from readerstudy.imaging.dicom_file import MAX_FRAMES, MAX_VOXELS
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.scans import Scan, prepared
from readerstudy.imaging.tomogram import StoredImage, Tomogram, assemble, read_image

from ..digests import (
    examination_digest,
    frame_digest,
    instance_digest,
    patient_digest,
)
from ..models import Series
from ..pairing import coded, propose
from ..plan import CohortPlan, PlannedPair, ScannedSeries, scan_path
from ..sources import UNREADABLE, LeftOut, Source, open_source
from .receiving import uploads_folder

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    pass


def cohort_scan(
    path: Path,
    *,
    folder: Path | None = None,
    progress: Progress | None = None,
    manifest: object | None = None,
    resampling: bool = False,
) -> CohortPlan:
    """What an import of what lies at `path` would make; no row is written.

    folder: where the voxels go; None: a new one, which is swept after a day.
    progress: called with the number of steps done and their estimated total.
    """
    with open_source(path) as source:
        return scan_source(
            source,
            folder=folder,
            progress=progress,
            manifest=manifest,
            resampling=resampling,
        )


def scan_source(
    source: Source,
    *,
    folder: Path | None = None,
    progress: Progress | None = None,
    manifest: object | None = None,
    resampling: bool = False,
) -> CohortPlan:
    """As cohort_scan, of a source that is open."""
    own = folder is None
    folder = folder or uploads_folder() / secrets.token_hex(16)
    try:
        scan_path(folder, 0).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _scan(source, folder, progress or no_progress, resampling)
    except BaseException:
        if own:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _scan(
    source: Source, folder: Path, progress: Progress, resampling: bool
) -> CohortPlan:
    found, left_out, steps = _find_tomograms(source, folder, progress)
    progress(steps, steps)
    proposal = propose(found, folder=folder, resampling=resampling)
    pairs = coded(proposal.pairs)
    left_out += proposal.left_out
    left_out += source.left_out
    left_out.sort(key=lambda one: one.name)
    return CohortPlan(
        folder=folder,
        pairs=pairs,
        singles=proposal.singles,
        left_out=tuple(left_out),
        warnings=plan_warnings(pairs),
        resampling=resampling,
        file_count=len(source.names) + len(source.left_out),
    )


def _find_tomograms(
    source: Source, folder: Path, progress: Progress
) -> tuple[list[ScannedSeries], list[LeftOut], int]:
    """What was found, what was left out, and how many steps that took."""
    found: list[ScannedSeries] = []
    left_out: list[LeftOut] = []
    slices: dict[str, list[str]] = defaultdict(list)  # series UID → files of a slice
    steps = len(source.names)
    for number, name in enumerate(source.names):
        progress(number, steps)
        try:
            image = _read(source, name)
            if len(image.frames) == 1 and image.series_uid:
                slices[image.series_uid].append(name)
                steps += 1  # it is read again, with its series
            else:
                found.append(_kept((name,), assemble([image]), folder, len(found)))
        except Refused as error:
            left_out.append(LeftOut(name, str(error)))
    done = len(source.names)
    for names in slices.values():

        def read(number: int, *, before: int = done) -> None:
            progress(before + number, steps)

        try:
            files, tomogram = _sliced(source, names, left_out, read)
            found.append(_kept(files, tomogram, folder, len(found)))
        except Refused as error:
            left_out += [LeftOut(name, str(error)) for name in names]
        done += len(names)
    return found, left_out, done


def _read(source: Source, name: str) -> StoredImage:
    if name.lower().endswith(".zip"):
        raise Refused(gettext_noop("It is a zip file inside; give it alone."))
    try:
        with source.open(name) as file:
            return read_image(file)
    except UNREADABLE as error:
        raise Refused(
            gettext_noop("It is damaged: it cannot be read to its end.")
        ) from error
    except Refused:
        raise
    except Exception as error:  # one strange file spoils no cohort
        logger.exception("A file could not be read")
        raise Refused(
            gettext_noop("It cannot be read, for a reason not foreseen.")
        ) from error


def _sliced(
    source: Source,
    names: list[str],
    left_out: list[LeftOut],
    progress: Callable[[int], None],
) -> tuple[tuple[str, ...], Tomogram]:
    """A tomogram of single-slice files, each instance taken once.

    All are in memory at once, so together they may be as large as one file may be.
    """
    images: dict[object, tuple[str, StoredImage]] = {}
    doubled: list[LeftOut] = []
    voxels = 0
    for number, name in enumerate(names):
        progress(number)
        image = _read(source, name)
        if (which := _identity(image)) in images:
            first = images[which][0]
            doubled.append(LeftOut(name, f"It is the same image as {first}."))
            continue
        images[which] = name, image
        voxels += image.frames.size
        if len(images) > MAX_FRAMES or voxels > MAX_VOXELS:
            raise Refused(
                gettext_noop(
                    "Its series is too large: more than %(frames)s slices or "
                    "%(voxels)s voxels."
                )
                % {"frames": MAX_FRAMES, "voxels": MAX_VOXELS}
            )
    tomogram = assemble([image for _, image in images.values()])
    left_out += doubled
    return tuple(name for name, _ in images.values()), tomogram


def _identity(image: StoredImage) -> object:
    """Equal for the same instance only: two slices may both be empty."""
    if image.sop_uid:
        return image.sop_uid
    voxels = hashlib.sha256(image.frames.tobytes()).hexdigest()
    return image.geometry.position, voxels


def _kept(
    files: tuple[str, ...], tomogram: Tomogram, folder: Path, number: int
) -> ScannedSeries:
    """Its voxels in the folder, and what else is known of it without identifiers.

    A file without PatientID is a patient of its own study. An image whose instances
    are not all named (SOPInstanceUID) is known by its content.
    """
    scan = prepared(tomogram)
    np.save(scan_path(folder, number), scan.voxels, allow_pickle=False)
    return _scanned(files, scan, number)


def _scanned(files: tuple[str, ...], scan: Scan, number: int) -> ScannedSeries:
    content = hashlib.sha256(scan.voxels.tobytes()).hexdigest()
    study = scan.study_uid or scan.series_uid or files[0]
    slices, rows, columns = scan.voxels.shape
    named = all(scan.sop_uids)
    return ScannedSeries(
        number=number,
        files=files,
        patient=patient_digest(scan.patient_id or study),
        study=examination_digest(study),
        instances=instance_digest(scan.sop_uids if named else (content,)),
        content=content,
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
        warnings=scan.warnings,
    )


def plan_warnings(pairs: Iterable[PlannedPair]) -> tuple[str, ...]:
    return tuple(_known_already(pairs)) + tuple(_patients_twice(pairs))


def _known_already(pairs: Iterable[PlannedPair]) -> Iterator[str]:
    pairs = list(pairs)
    known = set(
        Series.objects.filter(
            instance_digest__in=[
                series.instances
                for pair in pairs
                for series in (pair.reference, pair.short)
            ]
        ).values_list("instance_digest", flat=True)
    )
    again = [
        pair.code
        for pair in pairs
        if known & {pair.reference.instances, pair.short.instances}
    ]
    if again:
        yield gettext_noop(
            "%(again)s of %(cases)s cases have been imported before, into other "
            "cohorts: %(codes)s."
        ) % {"again": len(again), "cases": len(pairs), "codes": ", ".join(again)}


def _patients_twice(pairs: Iterable[PlannedPair]) -> Iterator[str]:
    codes: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        codes[pair.reference.patient].append(pair.code)
    for same in codes.values():
        if len(same) > 1:
            yield gettext_noop(
                "Cases %(codes)s are examinations of one patient; "
                "they are not independent."
            ) % {"codes": ", ".join(same)}
