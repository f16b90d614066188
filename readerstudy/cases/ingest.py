"""From files to a cohort: scan, show, and only then import, all or nothing.

Identifiers live only inside `cohort_scan`: what leaves it are keyed digests. The
original DICOM files are not kept.
"""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.preprocessing import (
    SEARCH_RADIUS_MM,
    STORED_SLICES,
    find_central_slice,
    prepare_stack,
    to_eight_bit,
)
from readerstudy.imaging.rendering import preview_png
from readerstudy.imaging.tomogram import StoredImage, Tomogram, assemble, read_image
from readerstudy.imaging.volume import Volume

from .digests import examination_digest, instance_digest, patient_digest
from .models import Series
from .pairing import Pair, pair_up
from .plan import CohortPlan, PlannedPair, ScannedSeries
from .sources import UNREADABLE, LeftOut, Source, open_source

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]

PREVIEW_SCALE = 2


def no_progress(done: int, total: int) -> None:
    pass


def cohort_scan(path: Path, *, progress: Progress | None = None) -> CohortPlan:
    """What an import of the folder or zip file `path` would make; writes nothing.

    progress: called with the number of steps done and their estimated total: one
        for each file, and one for each pair.
    """
    progress = progress or no_progress
    with open_source(path) as source:
        found, left_out = _find_tomograms(source, progress)
        pairs, unpaired = pair_up(found)
        left_out += unpaired
        planned: list[PlannedPair] = []
        done = len(source.names)
        for number, pair in enumerate(pairs, start=1):
            try:
                planned.append(_plan_pair(source, pair))
            except Refused as error:
                names = (*pair.reference.files, *pair.short.files)
                left_out += [LeftOut(name, str(error)) for name in names]
            progress(done + number, done + len(pairs))
    planned.sort(key=lambda pair: (pair.reference.patient, pair.reference.study))
    coded = tuple(
        replace(pair, code=f"C{number:03}")
        for number, pair in enumerate(planned, start=1)
    )
    left_out += source.left_out
    left_out.sort(key=lambda one: one.name)
    return CohortPlan(path, coded, tuple(left_out), _warnings(coded))


def _find_tomograms(
    source: Source, progress: Progress
) -> tuple[list[ScannedSeries], list[LeftOut]]:
    found: list[ScannedSeries] = []
    left_out: list[LeftOut] = []
    slices: dict[str, list[str]] = defaultdict(list)  # series UID → files of a slice
    for number, name in enumerate(source.names):
        progress(number, len(source.names))
        try:
            image = _read(source, name)
            if len(image.frames) == 1 and image.series_uid:
                slices[image.series_uid].append(name)
            else:
                found.append(_scanned((name,), assemble([image])))
        except Refused as error:
            left_out.append(LeftOut(name, str(error)))
    for names in slices.values():
        try:
            found.append(_scanned(*_sliced(source, names, left_out)))
        except Refused as error:
            left_out += [LeftOut(name, str(error)) for name in names]
    return found, left_out


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
    source: Source, names: list[str], left_out: list[LeftOut]
) -> tuple[tuple[str, ...], Tomogram]:
    """A tomogram of single-slice files, each instance taken once."""
    images: dict[str, tuple[str, StoredImage]] = {}
    doubled: list[LeftOut] = []
    for name in names:
        image = _read(source, name)
        if image.sop_uid in images:
            first = images[image.sop_uid][0]
            doubled.append(LeftOut(name, f"It is the same image as {first}."))
        else:
            images[image.sop_uid] = name, image
    tomogram = assemble([image for _, image in images.values()])
    left_out += doubled
    return tuple(name for name, _ in images.values()), tomogram


def _scanned(files: tuple[str, ...], tomogram: Tomogram) -> ScannedSeries:
    """`tomogram` without voxels and identifiers.

    A file without PatientID is a patient of its own study.
    """
    volume = tomogram.volume
    slices, rows, columns = volume.counts.shape
    study = tomogram.study_uid or tomogram.series_uid or files[0]
    return ScannedSeries(
        files=files,
        patient=patient_digest(tomogram.patient_id or study),
        study=examination_digest(study),
        instances=instance_digest(tomogram.sop_uids),
        content=hashlib.sha256(volume.counts.tobytes()).hexdigest(),
        duration_s=tomogram.duration_s,
        total_counts=tomogram.total_counts,
        shape=(slices, rows, columns),
        spacing_mm=volume.spacing_mm,
        origin_mm=tomogram.origin_mm,
        description=tomogram.description,
        manufacturer=tomogram.manufacturer,
        warnings=tomogram.warnings,
    )


def _plan_pair(source: Source, pair: Pair) -> PlannedPair:
    reference = read_series(source, pair.reference)
    short = read_series(source, pair.short)
    central, notes = choose_central_slice(reference)
    previews = tuple(
        _preview(volume, central_slice=central) for volume in (reference, short)
    )
    return PlannedPair(
        code="",
        reference=pair.reference,
        short=pair.short,
        central_slice=central,
        notes=pair.notes + notes,
        previews=(previews[0], previews[1]),
    )


def read_series(source: Source, series: ScannedSeries) -> Volume:
    """Its volume again. Refused if the files are no longer what was scanned."""
    volume = assemble([_read(source, name) for name in series.files]).volume
    if hashlib.sha256(volume.counts.tobytes()).hexdigest() != series.content:
        raise Refused(f"{series.name} has changed since it was looked through.")
    return volume


def choose_central_slice(reference: Volume) -> tuple[int, tuple[str, ...]]:
    """The slice a case is read at, and a note where the study's own rule differs."""
    guarded = find_central_slice(reference, search_radius_mm=SEARCH_RADIUS_MM)
    literal = find_central_slice(reference, search_radius_mm=None)
    if guarded == literal:
        return guarded, ()
    note = (
        f"The highest count of the whole image is in slice {literal + 1}, more than "
        f"{SEARCH_RADIUS_MM:g} mm from the middle of the head (a salivary gland?); "
        f"slice {guarded + 1} was taken. Please check it."
    )
    return guarded, (note,)


def _preview(volume: Volume, *, central_slice: int) -> bytes:
    stack = prepare_stack(volume, central_slice=central_slice)
    middle = to_eight_bit(stack.values)[STORED_SLICES // 2]
    return preview_png(middle, scale=PREVIEW_SCALE, lut=load_lut())


def _warnings(pairs: Iterable[PlannedPair]) -> tuple[str, ...]:
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
        yield (
            f"{len(again)} of {len(pairs)} cases have been imported before, into "
            f"other cohorts: {', '.join(again)}."
        )


def _patients_twice(pairs: Iterable[PlannedPair]) -> Iterator[str]:
    codes: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        codes[pair.reference.patient].append(pair.code)
    for same in codes.values():
        if len(same) > 1:
            yield (
                f"Cases {', '.join(same)} are examinations of one patient; "
                "they are not independent."
            )
