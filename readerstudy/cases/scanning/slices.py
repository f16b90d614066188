"""Slices that come one by one, in any order, mixed with those of other series."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from django.utils.translation import gettext_noop

from readerstudy.imaging.dicom_file import MAX_FRAMES, MAX_VOXELS
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.tomogram import StoredImage

from ..storage.room import check_room

NO_PIXELS = np.empty((0, 0, 0), np.float32)


class SlicesOfSeries:
    """The slices of one series; their pixels wait in a file, the rest in memory.

    Together they may be as large as one file may be.

    files: names of the slices, each instance once. doubled: a file, and the first one
    that held the same instance.
    """

    def __init__(self, path: Path) -> None:
        self.files: list[str] = []
        self.doubled: list[tuple[str, str]] = []
        self._path = path
        self._images: list[StoredImage] = []
        self._shapes: list[tuple[int, ...]] = []
        self._voxels = 0
        self._first: dict[object, str] = {}

    @property
    def names(self) -> list[str]:
        return [*self.files, *(name for name, _ in self.doubled)]

    def add(self, name: str, image: StoredImage) -> None:
        instance = _identity(image)
        if first := self._first.get(instance):
            self.doubled.append((name, first))
            return
        self._first[instance] = name
        self.files.append(name)
        self._voxels += image.frames.size
        if self._too_large:
            self._images.clear()
            self._path.unlink(missing_ok=True)
            return
        self._path.parent.mkdir(exist_ok=True, mode=0o700)
        check_room(4 * image.frames.size)
        with self._path.open("ab") as file:
            file.write(np.ascontiguousarray(image.frames, np.float32).tobytes())
        self._shapes.append(image.frames.shape)
        self._images.append(replace(image, frames=NO_PIXELS))

    @property
    def _too_large(self) -> bool:
        return len(self.files) > MAX_FRAMES or self._voxels > MAX_VOXELS

    def images(self) -> list[StoredImage]:
        """All slices with their pixels, once. Refused if they were too many."""
        if self._too_large:
            raise Refused(
                gettext_noop(
                    "Its series is too large: more than %(frames)s slices or "
                    "%(voxels)s voxels."
                )
                % {"frames": MAX_FRAMES, "voxels": MAX_VOXELS}
            )
        pixels = np.memmap(self._path, np.float32, mode="r")
        self._path.unlink()  # its bytes stay as long as they are looked at
        images, at = [], 0
        for image, shape in zip(self._images, self._shapes, strict=True):
            end = at + int(np.prod(shape))
            images.append(replace(image, frames=pixels[at:end].reshape(shape)))
            at = end
        return images


def _identity(image: StoredImage) -> object:
    """Equal for the same instance only: two slices may both be empty."""
    if image.sop_uid:
        return image.sop_uid
    pixels = hashlib.sha256(np.ascontiguousarray(image.frames).data).hexdigest()
    return image.geometry.position, pixels
