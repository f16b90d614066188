"""What the stability suite found of a method: the one way in, beside which none is.

Maps are stored case by case while a run goes on, under names that no row has yet; a
run that ends well points rows at them all at once. What is left of one that does not
goes with the sweep.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from ..models import Case, Cohort, Stability, StabilityCase
from ..storage.stored_files import npy_bytes, save_file


@dataclass(frozen=True)
class StoredMaps:
    """Maps of one case that are on disk. names: of each, in their order."""

    file: str = ""
    sha256: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewStabilityCase:
    """numbers: key of imaging.stability_measures → value, None: not estimable."""

    case: Case
    numbers: Mapping[str, float | None]
    maps: StoredMaps = field(default_factory=StoredMaps)


@dataclass(frozen=True)
class NewStability:
    """As the columns of Stability say; all of one method."""

    suite: str
    settings: Mapping[str, Any]
    measures: Mapping[str, Any]
    series: Mapping[str, Any]
    images_sha256: str
    device: str
    versions: Mapping[str, Any]
    cases: Sequence[NewStabilityCase]


def stability_maps_store(maps: Mapping[str, NDArray[Any]]) -> StoredMaps:
    """Write the maps of one case, all of one shape (slices, rows, columns)."""
    if not maps:
        return StoredMaps()
    stack = np.stack([np.asarray(one, np.float32) for one in maps.values()])
    content = npy_bytes(stack)
    _storage, name = save_file(StabilityCase, "maps", content)
    return StoredMaps(name, hashlib.sha256(content).hexdigest(), tuple(maps))


@transaction.atomic
def stability_save(
    *,
    cohort: Cohort,
    method: str,
    found: NewStability,
    check: Callable[[], None] = lambda: None,
) -> Stability:
    """Keep what was found; what was known of the method before goes, with its maps.

    check: called once the cohort is locked, before any row is written; what it raises
        leaves everything as it was.
    """
    Cohort.objects.select_for_update().get(pk=cohort.pk)
    check()
    stability_forget(cohort=cohort, method=method, keep=_names(found))
    stability = Stability.objects.create(
        cohort=cohort,
        method=method,
        suite=found.suite,
        settings=dict(found.settings),
        measures=dict(found.measures),
        series=dict(found.series),
        images_sha256=found.images_sha256,
        device=found.device,
        versions=dict(found.versions),
        made_at=timezone.now(),
    )
    StabilityCase.objects.bulk_create(
        StabilityCase(
            stability=stability,
            case=one.case,
            numbers=dict(one.numbers),
            maps=one.maps.file,
            map_names=list(one.maps.names),
            sha256=one.maps.sha256,
        )
        for one in found.cases
    )
    return stability


def _names(found: NewStability) -> frozenset[str]:
    return frozenset(one.maps.file for one in found.cases)


@transaction.atomic
def stability_forget(
    *, cohort: Cohort, method: str, keep: frozenset[str] = frozenset()
) -> bool:
    """Remove what is known of the method; whether anything was. keep: these files."""
    old = Stability.objects.filter(cohort=cohort, method=method).first()
    if old is None:
        return False
    files = [one.maps for one in old.cases.exclude(maps="").exclude(maps__in=keep)]
    old.delete()
    for file in files:
        _delete_on_commit(file.storage, str(file.name))
    return True


def _delete_on_commit(storage: Storage, name: str) -> None:
    def delete() -> None:  # a robust hook needs a name for its log line
        storage.delete(name)

    transaction.on_commit(delete, robust=True)
