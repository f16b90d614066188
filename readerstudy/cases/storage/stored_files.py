"""Arrays as files of the storage, under names that tell nothing."""

import mmap
import os
import re
import shutil
from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db.models import FileField, Model
from django.utils import timezone
from numpy.typing import NDArray

# What np.save writes of an array of three dimensions, in format 1.0.
HEAD = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|][fiu][1248])', 'fortran_order': False, "
    rb"'shape': \((\d+), (\d+), (\d+)\), \} *\n",
    re.DOTALL,
)
MOST_HEAD = 256
# Longer than anything takes from its first file to its rows.
UNCLAIMED_FOR = timedelta(days=1)


def mapped_voxels(path: Path) -> NDArray[Any]:
    """The array that np.save has written there, to be read only; ValueError if none.

    np.load evaluates the head as Python, which fails at times where two threads do
    it at once (CPython 3.11: "AST constructor recursion depth mismatch").
    """
    with path.open("rb") as file:
        head = HEAD.match(file.read(MOST_HEAD))
        if not head:
            raise ValueError("it is no array of three dimensions")
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    kind, *sides = (one.decode() for one in head.groups())
    shape = tuple(int(side) for side in sides)
    return np.frombuffer(content, kind, prod(shape), head.end()).reshape(shape)


def npy_bytes(array: NDArray[Any]) -> bytes:
    """The array as an .npy file; read it with allow_pickle=False."""
    file = BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def save_file(
    model: type[Model], field_name: str, content: bytes
) -> tuple[Storage, str]:
    """Write a new file where that field keeps its own: the storage, and its name.

    Whole or not at all: what a full disk took only the beginning of goes again.
    """
    field = model._meta.get_field(field_name)
    assert isinstance(field, FileField)
    storage, name = field.storage, field.generate_filename(model(), "values.npy")
    try:
        return storage, storage.save(name, ContentFile(content))
    except OSError:
        storage.delete(name)
        raise


def link_file(model: type[Model], field_name: str, path: Path) -> tuple[Storage, str]:
    """As save_file, of a file that is complete and that nobody will change: the same
    bytes under two names where the disk can do that, else a copy."""
    field = model._meta.get_field(field_name)
    assert isinstance(field, FileField)
    storage = field.storage
    name = storage.get_available_name(field.generate_filename(model(), "values.npy"))
    os.utime(path)  # or the sweep takes it for what an old import left
    try:
        target = Path(storage.path(name))
    except NotImplementedError:  # a storage without folders
        with path.open("rb") as file:
            return storage, storage.save(name, File(file))
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, target)
    except OSError:  # of another disk, or of one without links
        shutil.copyfile(path, target)
    return storage, name


def folder_of(model: type[Model], field_name: str) -> tuple[Storage, str]:
    """The storage and the folder in which that field keeps its files."""
    field = model._meta.get_field(field_name)
    assert isinstance(field, FileField)
    return field.storage, field.generate_filename(model(), "x").rpartition("/")[0]


def files_in(storage: Storage, folder: str) -> list[str]:
    """Names of the files in it; none if it does not exist yet."""
    try:
        _, names = storage.listdir(folder)
    except FileNotFoundError:
        return []
    return [f"{folder}/{name}" for name in names]


def unclaimed_files_delete(*fields: tuple[type[Model], str]) -> int:
    """Delete files of these fields that no row points at, long after they were
    written; how many."""
    deleted = 0
    for model, field_name in fields:
        storage, folder = folder_of(model, field_name)
        known = set(model._default_manager.values_list(field_name, flat=True))
        for name in files_in(storage, folder):
            if name in known:
                continue
            if timezone.now() - storage.get_modified_time(name) > UNCLAIMED_FOR:
                storage.delete(name)
                deleted += 1
    return deleted


def acquired_provenance(
    central_slice: int, slice_maxima: tuple[float, ...]
) -> dict[str, Any]:
    """How an image that was measured, not computed, came about.

    slice_maxima: counts that 1.0 stands for, one for each stored slice.
    """
    return {
        "made_by": "acquisition",
        "central_slice": central_slice,
        "slice_maxima": list(slice_maxima),
    }


def as_stack(values: NDArray[Any]) -> NDArray[np.float32 | np.int16]:
    """As a stack is kept: int16 where its whole numbers fit in, else float32."""
    if values.dtype == np.float32:
        return np.ascontiguousarray(values)
    limits = np.iinfo(np.int16)
    fits = limits.min <= values.min() and values.max() <= limits.max
    stack: NDArray[np.float32 | np.int16]
    stack = np.ascontiguousarray(values, np.int16 if fits else np.float32)
    return stack


def stack_provenance(unit: str) -> dict[str, Any]:
    """As acquired_provenance, of a whole stack in that unit."""
    return {"made_by": "acquisition", "unit": unit}


def read_slices(file: IO[bytes], indices: Sequence[int]) -> NDArray[Any]:
    """Some slices of an array that np.save has written; ValueError if it is none,
    IndexError if it has not got one of them."""
    head = HEAD.match(file.read(MOST_HEAD))
    if not head:
        raise ValueError("it is no array of three dimensions")
    kind, *sides = (one.decode() for one in head.groups())
    slices, rows, columns = (int(side) for side in sides)
    length = rows * columns * np.dtype(kind).itemsize
    found = []
    for index in indices:
        if not 0 <= index < slices:
            raise IndexError(f"there is no slice {index}")
        file.seek(head.end() + index * length)
        content = file.read(length)
        found.append(np.frombuffer(content, kind).reshape(rows, columns))
    return np.stack(found)
