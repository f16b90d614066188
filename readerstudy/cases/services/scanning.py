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

from readerstudy.imaging.dicom_file import MAX_FRAMES, MAX_VOXELS
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

from ..digests import examination_digest, instance_digest, patient_digest
from ..models import Series
from ..pairing import Pair, pair_up
from ..plan import CohortPlan, PlannedPair, ScannedSeries
from ..sources import UNREADABLE, LeftOut, Source, open_source

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]

PREVIEW_SCALE = 2


def no_progress(done: int, total: int) -> None:
    pass


def cohort_scan(path: Path, *, progress: Progress | None = None) -> CohortPlan:
    """What an import of the folder or zip file `path` would make; writes nothing.

    progress: called with the number of steps done and their estimated total: one
        for each file, another for each file of a single slice, one for each pair.
    """
    progress = progress or no_progress
    with open_source(path) as source:
        found, left_out, done = _find_tomograms(source, progress)
        pairs, unpaired = pair_up(found)
        left_out += unpaired
        planned: list[PlannedPair] = []
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
                found.append(_scanned((name,), assemble([image])))
        except Refused as error:
            left_out.append(LeftOut(name, str(error)))
    done = len(source.names)
    for names in slices.values():

        def read(number: int, *, before: int = done) -> None:
            progress(before + number, steps)

        try:
            found.append(_scanned(*_sliced(source, names, left_out, read)))
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


def _scanned(files: tuple[str, ...], tomogram: Tomogram) -> ScannedSeries:
    """`tomogram` without voxels and identifiers.

    A file without PatientID is a patient of its own study. An image whose instances
    are not all named (SOPInstanceUID) is known by its content.
    """
    volume = tomogram.volume
    slices, rows, columns = volume.counts.shape
    content = hashlib.sha256(volume.counts.tobytes()).hexdigest()
    named = all(tomogram.sop_uids)
    study = tomogram.study_uid or tomogram.series_uid or files[0]
    return ScannedSeries(
        files=files,
        patient=patient_digest(tomogram.patient_id or study),
        study=examination_digest(study),
        instances=instance_digest(tomogram.sop_uids if named else (content,)),
        content=content,
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
        raise Refused(
            gettext_noop("%(name)s has changed since it was looked through.")
            % {"name": series.name}
        )
    return volume


def choose_central_slice(reference: Volume) -> tuple[int, tuple[str, ...]]:
    """The slice a case is read at, and a note where the study's own rule differs."""
    guarded = find_central_slice(reference, search_radius_mm=SEARCH_RADIUS_MM)
    literal = find_central_slice(reference, search_radius_mm=None)
    if guarded == literal:
        return guarded, ()
    note = gettext_noop(
        "The highest count of the whole image is in slice %(literal)s, more than "
        "%(radius)s mm from the middle of the head (a salivary gland?); "
        "slice %(taken)s was taken. Please check it."
    ) % {
        "literal": literal + 1,
        "radius": f"{SEARCH_RADIUS_MM:g}",
        "taken": guarded + 1,
    }
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
