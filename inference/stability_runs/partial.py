"""What a run has found so far, case by case: files of which no row knows yet.

They lie where the maps of stability do, so what a dead run leaves goes with the sweep.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from django.core.files.base import ContentFile

from inference.models import StabilityRun
from inference.stability import SUITE, CaseFindings
from readerstudy.cases.models import StabilityCase
from readerstudy.cases.services.stability import StoredMaps
from readerstudy.cases.storage.stored_files import folder_of

from .cases import CaseFiles


@dataclass(frozen=True)
class Partial:
    """One case that is done. slices: of the stack, those that the maps hold."""

    files: CaseFiles
    findings: CaseFindings  # without its maps
    maps: StoredMaps
    slices: tuple[int, ...]


class Partials:
    """made_with: what else decides the findings beside the images; found again with
    another one, a file is no file."""

    def __init__(self, run: StabilityRun, made_with: dict[str, Any]) -> None:
        self._run = run
        self._made_with = {"suite": SUITE, **made_with}
        self._storage, self._folder = folder_of(StabilityCase, "maps")

    def keep(
        self,
        files: CaseFiles,
        found: CaseFindings,
        maps: StoredMaps,
        slices: tuple[int, ...],
    ) -> Partial:
        told = {
            "key": self._key(files),
            "findings": found.to_json(),
            "maps": asdict(maps),
            "slices": slices,
        }
        name = self._name(files)
        self._storage.delete(name)  # or another name would be found for it
        try:
            self._storage.save(name, ContentFile(json.dumps(told).encode()))
        except OSError:  # on a full disk nothing half written may take more room
            self._storage.delete(name)
            if maps.file:
                self._storage.delete(maps.file)
            raise
        return Partial(files, found, maps, slices)

    def read(self, files: CaseFiles) -> Partial | None:
        """None where it is not there, or is not of these images any more."""
        try:
            with self._storage.open(self._name(files)) as file:
                told = json.loads(file.read())
            if told["key"] != self._key(files):
                return None
            said = told["maps"]
            maps = StoredMaps(said["file"], said["sha256"], tuple(said["names"]))
            found = CaseFindings.from_json(files.case.code, told["findings"])
            slices = tuple(told["slices"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if maps.file and not self._storage.exists(maps.file):
            return None
        return Partial(files, found, maps, slices)

    def forget(self) -> None:
        """Those of this run; their maps stay with the rows that point at them."""
        try:
            _folders, names = self._storage.listdir(self._folder)
        except FileNotFoundError:
            return
        for name in names:
            if name.startswith(self._prefix()):
                self._storage.delete(f"{self._folder}/{name}")

    def _prefix(self) -> str:
        return f"run-{self._run.pk}-"

    def _name(self, files: CaseFiles) -> str:
        return f"{self._folder}/{self._prefix()}{files.case.pk}.json"

    def _key(self, files: CaseFiles) -> str:
        made = json.dumps(self._made_with, sort_keys=True)
        told = "\n".join((made, *files.hashes))
        return hashlib.sha256(told.encode()).hexdigest()
