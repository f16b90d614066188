"""From files to a plan that a person confirms: each file is decoded once.

Identifiers live only inside `scan_source`: what leaves it are keyed digests, and
voxels without any identifier in the plan's folder. The DICOM files are not kept.
"""

import secrets
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import DAT_SPECT, StudyType, study_type_get

from ..digests import patients_among
from ..manifest import FILE_NAME, MOST_BYTES, Manifest, read_manifest
from ..matching.pairing import may_be_input, propose
from ..matching.planning import NEEDS_REFERENCE, coded, planned_alone
from ..models import Series
from ..plan import CohortPlan, PlannedPair, scan_path
from ..scanning.gathering import Progress as Progress
from ..scanning.gathering import gather
from ..sources import Source, open_source
from .receiving import uploads_folder

REPORT_S = 1.0
Made = TypeVar("Made")


def no_progress(done: int, total: int) -> None:
    pass


def cohort_scan(
    path: Path,
    *,
    folder: Path | None = None,
    progress: Progress | None = None,
    manifest: Manifest | None = None,
    resampling: bool = False,
    study_type: str = DAT_SPECT,
    without_reference: bool = False,
) -> CohortPlan:
    """What an import of what lies at `path` would make; no row is written.

    folder: where the voxels go; None: a new one, which is swept after a day.
    progress: called with the number of steps done and their estimated total.
    manifest: None takes the manifest.csv that lies at the top of what was sent.
    resampling: whether scans of other pixel sizes are taken.
    study_type: what a case is to be; Refused if there is none of that name.
    without_reference: somebody says that a scan without a partner is a case that has
        no reference; Refused where the study type needs one.
    """
    with open_source(path) as source:
        return scan_source(
            source,
            folder=folder,
            progress=progress,
            manifest=manifest,
            resampling=resampling,
            study_type=study_type,
            without_reference=without_reference,
        )


def scan_source(
    source: Source,
    *,
    folder: Path | None = None,
    progress: Progress | None = None,
    manifest: Manifest | None = None,
    resampling: bool = False,
    study_type: str = DAT_SPECT,
    without_reference: bool = False,
) -> CohortPlan:
    """As cohort_scan, of a source that is open."""
    kind = study_type_get(study_type)
    if without_reference and kind.needs_reference:
        raise Refused(NEEDS_REFERENCE)
    own = folder is None
    folder = folder or uploads_folder() / secrets.token_hex(16)
    try:
        scan_path(folder, 0).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        plan = _scan(
            source, folder, progress or no_progress, manifest, resampling, kind
        )
        return _with_those_alone(plan) if without_reference else plan
    except BaseException:
        if own:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(folder / "slices", ignore_errors=True)


def _scan(
    source: Source,
    folder: Path,
    progress: Progress,
    manifest: Manifest | None,
    resampling: bool,
    kind: StudyType,
) -> CohortPlan:
    manifest = manifest or _manifest_within(source)
    if manifest:
        manifest.check_names(source.names)
    gathered = gather(
        source,
        folder=folder,
        progress=progress,
        manifest=manifest,
        study_type=kind.key,
    )
    proposal = meanwhile(
        partial(progress, gathered.steps, gathered.steps),
        partial(
            propose,
            gathered.scans,
            folder=folder,
            resampling=resampling,
            manifest=manifest,
        ),
    )
    pairs = coded(proposal.pairs, taken=manifest.codes if manifest else ())
    left_out = [*source.left_out, *gathered.left_out, *proposal.left_out]
    left_out.sort(key=lambda one: one.name)
    return CohortPlan(
        folder=folder,
        pairs=pairs,
        singles=proposal.singles,
        left_out=tuple(left_out),
        warnings=plan_warnings(pairs, manifest),
        resampling=resampling,
        file_count=len(source.names) + len(source.left_out),
        manifest=manifest.to_json() if manifest else None,
        study_type=kind.key,
    )


def _with_those_alone(plan: CohortPlan) -> CohortPlan:
    """Scans that have no partner are cases, too, but for those that look like a
    reference."""
    alone = [one.series for one in plan.singles if may_be_input(one)]
    if not alone:  # as where a manifest decides
        return plan
    pairs = coded([*plan.pairs, *map(planned_alone, alone)])
    return replace(
        plan,
        pairs=pairs,
        singles=tuple(one for one in plan.singles if not may_be_input(one)),
        warnings=plan_warnings(pairs, None),
    )


def _manifest_within(source: Source) -> Manifest | None:
    """That which lies at the top of what was sent; it is no file of the cohort."""
    top = _common_folder(source.names)
    name = next(
        (one for one in source.names if one.lower() == f"{top}{FILE_NAME}".lower()), ""
    )
    if not name:
        return None
    source.names.remove(name)
    with source.open(name) as file:
        return read_manifest(file.read(MOST_BYTES + 1), name=name, folder=top)


def _common_folder(names: Sequence[str]) -> str:
    """The folder that all of them lie in, ending in "/"; "" if there is none."""
    first, last = min(names, default=""), max(names, default="")
    folders = first.split("/")[:-1]
    for number in range(len(folders), 0, -1):
        top = "/".join(folders[:number]) + "/"
        if last.startswith(top):
            return top
    return ""


def _unused(manifest: Manifest | None) -> Iterator[str]:
    if manifest and (rows := manifest.unused):
        yield gettext_noop(
            "%(manifest)s names scans that were not found or could not be read, the "
            "first in line %(line)s (%(number)s in all)."
        ) % {"manifest": manifest.name, "number": len(rows), "line": rows[0].line}


def meanwhile(report: Callable[[], None], work: Callable[[], Made]) -> Made:
    """What `work` returns; `report` is called each second until it does."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        while True:
            report()
            try:
                return future.result(timeout=REPORT_S)
            except TimeoutError:
                if future.done():
                    raise


def plan_warnings(
    pairs: Sequence[PlannedPair], manifest: Manifest | None
) -> tuple[str, ...]:
    return (*_unused(manifest), *_known_already(pairs), *_patients_twice(pairs))


def _known_already(pairs: Sequence[PlannedPair]) -> Iterator[str]:
    known = set(
        Series.objects.filter(
            instance_digest__in=[
                scan.instances for pair in pairs for scan in pair.scans
            ]
        ).values_list("instance_digest", flat=True)
    )
    again = [
        pair.code for pair in pairs if known & {scan.instances for scan in pair.scans}
    ]
    if again:
        yield gettext_noop(
            "%(again)s of %(cases)s cases have been imported before, into other "
            "cohorts: %(codes)s."
        ) % {"again": len(again), "cases": len(pairs), "codes": ", ".join(again)}


def _patients_twice(pairs: Sequence[PlannedPair]) -> Iterator[str]:
    patients = patients_among({at: pair.patients for at, pair in enumerate(pairs)})
    codes: dict[str, list[str]] = defaultdict(list)
    for at, pair in enumerate(pairs):
        codes[patients[at]].append(pair.code)
    for same in codes.values():
        if len(same) > 1:
            yield gettext_noop(
                "Cases %(codes)s are examinations of one patient; "
                "they are not independent."
            ) % {"codes": ", ".join(same)}
