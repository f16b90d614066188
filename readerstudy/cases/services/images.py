"""Images that others have made, finished, become one more method of a cohort.

All is looked at before anything is stored: every case of the parts that the images
touch has one, each lies on the grid of its case and is upright. Then all of them are
stored, or none.
"""

import hashlib
import secrets
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from readerstudy.audit.services import event_record
from readerstudy.imaging.dicom_file import NOT_DICOM
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.pixels import BURNED_IN
from readerstudy.imaging.preprocessing import CROP, STORED_SLICES, prepare_stack
from readerstudy.imaging.study_types import AIR_HU, STUDY_TYPES
from readerstudy.imaging.volume import Volume

from .. import selectors
from ..matching.finished import (
    check_grid,
    check_level,
    codes_in,
    codes_of_patient,
    shape_of,
    turned_over,
)
from ..models import Case, Cohort, Rendition
from ..plan import ScannedSeries, scan_path
from ..scanning.arrays import read_array
from ..scanning.gathering import gather
from ..sources import UNREADABLE, LeftOut, Source, open_source
from ..storage.room import NoRoomError, check_room
from ..storage.stored_files import as_stack, mapped_voxels, npy_bytes
from .receiving import uploads_folder
from .renditions import READ_ALREADY, NewImage, renditions_save
from .scanning import Progress, no_progress

BEFORE_NAME = "result-"
LONGEST = 60
TOLD = 100  # sentences
RELATIVE = (STORED_SLICES, CROP, CROP)
MOST_RELATIVE = 2.0  # more is no share of a slice's maximum

NOBODYS = gettext_noop(
    "%(name)s: it belongs to no case. Its path names no code, and its patient none "
    "of the cohort."
)
SEVERAL = gettext_noop("%(name)s: it could be of several cases (%(codes)s).")
TWICE = gettext_noop("Case %(code)s has two images: %(one)s and %(other)s.")
NOT_TAKEN = gettext_noop("%(name)s cannot be taken: %(reason)s")
NONE_TAKEN = gettext_noop("%(name)s cannot be taken, nor %(number)s more: %(reason)s")
MISSING = gettext_noop("Case %(code)s has no image.")
MORE = gettext_noop("%(number)s more sentences like these are left out.")


class ImagesRefusedError(Refused):
    """Nothing was stored; str() has one sentence a line."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - TOLD
        lines = [*problems[:TOLD], *([MORE % {"number": more}] if more > 0 else [])]
        super().__init__("\n".join(lines))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class ImagesReport:
    """method: by which the images are known now. left_out: files that hold none."""

    method: str
    cases: int
    left_out: tuple[LeftOut, ...]


@dataclass
class _Taken:
    """What waits in the folder to be stored. problems: why it may not be."""

    images: dict[str, str] = field(default_factory=dict)  # code → name of its file
    provenance: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def method_named(name: str) -> str:
    """`result-<name>`, in letters that an address can hold. Refused if none is left, or
    if others would be lost: two names could become one."""
    slug = slugify(name).removeprefix(BEFORE_NAME)
    lost = any(one.isalnum() and not one.isascii() for one in normalize("NFKD", name))
    if lost or not slug:
        raise Refused(_("Please give the images a name of letters or digits."))
    if len(slug) > LONGEST:
        raise Refused(
            _("The images' name is longer than %(longest)d characters.")
            % {"longest": LONGEST}
        )
    return f"{BEFORE_NAME}{slug}"


def images_import(
    *,
    cohort: Cohort,
    name: str,
    path: Path,
    by: User | None = None,
    progress: Progress | None = None,
    as_is: bool = False,
) -> ImagesReport:
    """The images below a folder or in a zip file, one for each case."""
    with open_source(path) as source:
        return images_take(
            cohort=cohort,
            name=name,
            source=source,
            by=by,
            progress=progress,
            as_is=as_is,
        )


def images_take(
    *,
    cohort: Cohort,
    name: str,
    source: Source,
    by: User | None = None,
    progress: Progress | None = None,
    as_is: bool = False,
) -> ImagesReport:
    """As images_import, of a source that is open.

    An image is a DICOM series or a .npy file; its path names the code of its case, or
    else the series bears the patient's id. as_is: do not ask whether it is upright.

    ImagesRefusedError, and nothing is stored, unless every case of the parts that the
    images touch has one that fits.
    """
    method = method_named(name)
    folder = uploads_folder() / secrets.token_hex(16)
    try:
        scan_path(folder, 0).parent.mkdir(parents=True, mode=0o700)
        progress = progress or no_progress
        looking = _Looking(cohort, method, source, folder, as_is)
        taken = looking.look(progress)
        if taken.problems:
            raise ImagesRefusedError(taken.problems)
        _store(looking, taken, progress)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with transaction.atomic():
        event_record(
            action="images.import",
            actor=by,
            subject=("cohort", cohort.name),
            after={"method": method, "cases": len(taken.images)},
        )
    return ImagesReport(method, len(taken.images), tuple(taken.left_out))


class _Looking:
    """One cohort and what was sent for it."""

    def __init__(
        self, cohort: Cohort, method: str, source: Source, folder: Path, as_is: bool
    ) -> None:
        cases = cohort.cases.select_related("cohort").prefetch_related("series")
        self.cases = {case.code: case for case in cases}
        self.cohort, self.method, self.source = cohort, method, source
        self.folder, self.as_is = folder, as_is
        self.is_stack = STUDY_TYPES[cohort.study_type].is_stack
        self.taken = _Taken()
        known = Rendition.objects.filter(case__cohort=cohort, method=method)
        self.known = dict(known.values_list("case__code", "sha256"))

    def look(self, progress: Progress) -> _Taken:
        arrays = [one for one in self.source.names if one.lower().endswith(".npy")]
        self.source.names[:] = [one for one in self.source.names if one not in arrays]
        gathered = gather(
            self.source,
            folder=self.folder,
            progress=progress,
            study_type=self.cohort.study_type,
        )
        self.taken.left_out += [*self.source.left_out, *gathered.left_out]
        done, total = gathered.steps, gathered.steps + len(gathered.scans) + len(arrays)
        for number, scan in enumerate(gathered.scans, start=done):
            progress(number, total)
            self._take(scan.name, self._codes(scan), self._of_scan(scan))
        for number, name in enumerate(arrays, start=total - len(arrays)):
            progress(number, total)
            codes = codes_in([name], list(self.cases))
            self._take(name, codes, self._of_array(name))
        self._look_for_missing()
        return self.taken

    def _codes(self, scan: ScannedSeries) -> set[str]:
        """By its path and by its patient; all of both where these contradict."""
        named = codes_in(scan.files, list(self.cases))
        patients = {code: case.patient_digests for code, case in self.cases.items()}
        known = codes_of_patient(scan.patient, patients)
        if not named or not known:
            return named or known
        return named & known or named | known

    def _look_for_missing(self) -> None:
        parts = {self.cases[code].split for code in self.taken.images}
        touched = [c for c in self.cases.values() if c.split in parts or not parts]
        missing = sorted({one.code for one in touched} - set(self.taken.images))
        self.taken.problems += [MISSING % {"code": code} for code in missing]
        if self.taken.problems:  # for want of these, perhaps
            self.taken.problems += _reasons(self.taken.left_out)

    def _take(
        self, name: str, codes: set[str], values: Callable[[Case], NDArray[Any]]
    ) -> None:
        problems = self.taken.problems
        if len(codes) != 1:
            several = {"name": name, "codes": ", ".join(sorted(codes))}
            problems.append(SEVERAL % several if codes else NOBODYS % {"name": name})
            return
        (code,) = codes
        if other := self.taken.images.get(code):
            twice = {"code": code, "one": other, "other": name}
            problems.append(TWICE % twice)
            return
        self.taken.images[code] = name
        try:
            self._keep(self.cases[code], values(self.cases[code]))
        except NoRoomError:  # no fault of the image
            raise
        except Refused as refusal:
            problems.append(NOT_TAKEN % {"name": name, "reason": refusal})

    def _keep(self, case: Case, values: NDArray[Any]) -> None:
        """The image as it will be stored waits in the folder."""
        content = npy_bytes(values)
        check_room(len(content))
        before = self.known.get(case.code)
        sha256 = hashlib.sha256(content).hexdigest()
        if self.cohort.frozen_at and before and before != sha256:
            raise Refused(READ_ALREADY % {"code": case.code, "method": self.method})
        image_path(self.folder, case).write_bytes(content)

    def _of_scan(self, scan: ScannedSeries) -> Callable[[Case], NDArray[Any]]:
        def values(case: Case) -> NDArray[Any]:
            if BURNED_IN in scan.warnings:  # nobody looks before it is stored
                raise Refused(BURNED_IN)
            check_grid(scan, selectors.grid_of(case))
            voxels = mapped_voxels(scan_path(self.folder, scan.number))
            return self._whole(case, voxels)

        return values

    def _of_array(self, name: str) -> Callable[[Case], NDArray[Any]]:
        def values(case: Case) -> NDArray[Any]:
            whole = shape_of(selectors.grid_of(case))
            shapes = (whole,) if self.is_stack else (RELATIVE, whole)
            try:
                with self.source.open(name) as file:
                    found = read_array(file, shapes=shapes)
            except Refused:
                raise
            except UNREADABLE as error:
                raise Refused(gettext_noop("It is damaged.")) from error
            if found.shape == whole:
                return self._whole(case, found)
            return self._relative(case, found)

        return values

    def _whole(self, case: Case, voxels: NDArray[Any]) -> NDArray[Any]:
        """As the case's own scans were cut, or left whole."""
        if self.is_stack:
            return self._stack(case, voxels)
        reference = selectors.series_volume(selectors.grid_of(case))
        self._check_upright(reference.counts, voxels)
        volume = Volume(as_stack(voxels), reference.spacing_mm)
        stack = prepare_stack(volume, central_slice=case.central_slice)
        self._made(case, slice_maxima=list(stack.slice_maxima))
        return stack.values

    def _stack(self, case: Case, voxels: NDArray[Any]) -> NDArray[Any]:
        standard, unit = self._standard_values(case), selectors.grid_of(case).unit
        seen = standard, voxels
        if unit == "HU":  # below air lies what scanners fill slices up with
            seen = np.maximum(standard, AIR_HU), np.maximum(voxels, AIR_HU)
            check_level(*(float(one.mean()) for one in seen))
        self._check_upright(*seen)
        self._made(case, unit=unit)
        return as_stack(voxels)

    def _standard_values(self, case: Case) -> NDArray[np.float32]:
        """The reference, or the input where there is none."""
        method = selectors.grid_of(case).role
        standard = selectors.rendition_get(case=case, method=method)
        return selectors.rendition_values(standard)

    def _relative(self, case: Case, values: NDArray[Any]) -> NDArray[Any]:
        most = float(values.max())
        if not 0 < most <= MOST_RELATIVE:
            raise Refused(
                gettext_noop(
                    "Its largest value is %(most)s: five slices of 64×64 pixels are "
                    "shares of the maximum of their whole slice, from 0 to 1."
                )
                % {"most": f"{most:.3g}"}
            )
        self._check_upright(self._standard_values(case), values)
        self._made(case)
        return values.astype(np.float32)

    def _made(self, case: Case, **more: Any) -> None:
        told = {"made_by": "result"} | more
        if not self.is_stack:
            told["central_slice"] = case.central_slice
        self.taken.provenance[case.code] = told

    def _check_upright(self, reference: NDArray[Any], image: NDArray[Any]) -> None:
        if not self.as_is and (way := turned_over(reference, image)):
            raise Refused(
                gettext_noop(
                    "Turned over from %(way)s, it resembles the scan of its case more: "
                    "is it upright?"
                )
                % {"way": way}
            )


def _reasons(left_out: Iterable[LeftOut]) -> Iterator[str]:
    """Why files hold no image that could be read, each reason once."""
    names: dict[str, list[str]] = defaultdict(list)
    for one in left_out:
        if one.reason != NOT_DICOM:
            names[one.reason].append(one.name)
    for reason, (first, *others) in names.items():
        sentence = NONE_TAKEN if others else NOT_TAKEN
        yield sentence % {"name": first, "number": len(others), "reason": reason}


def image_path(folder: Path, case: Case) -> Path:
    return folder / f"{case.pk}.npy"


def _store(looking: _Looking, taken: _Taken, progress: Progress) -> None:
    def images() -> Iterator[NewImage]:
        for number, code in enumerate(sorted(taken.images)):
            progress(number, len(taken.images))
            case = looking.cases[code]
            values = mapped_voxels(image_path(looking.folder, case))
            yield NewImage(case, values, taken.provenance[code])

    waiting = [image_path(looking.folder, looking.cases[c]) for c in taken.images]
    check_room(sum(path.stat().st_size for path in waiting))
    try:
        renditions_save(method=looking.method, images=images(), all_or_none=True)
    except Refused as refusal:  # a study began to read the cohort this very moment
        raise ImagesRefusedError([str(refusal)]) from refusal
