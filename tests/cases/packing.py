"""What people send: packed, and read again as the import sees it."""

import io
import zipfile
from pathlib import Path

from readerstudy.cases.sources import (
    open_source,
)


def zip_bytes(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return file.getvalue()


def zip_with(path: Path, members: dict[str, bytes]) -> Path:
    path.write_bytes(zip_bytes(members))
    return path


def iso_bytes(files: dict[str, bytes], *, joliet: bool = True) -> bytes:
    """A CD image as pycdlib writes it."""
    import pycdlib

    image = pycdlib.PyCdlib()
    image.new(interchange_level=3, joliet=3 if joliet else None)
    folders: set[str] = set()
    for number, (name, content) in enumerate(files.items()):
        *parents, last = name.split("/")
        for depth in range(len(parents)):
            folder = "/" + "/".join(parents[: depth + 1])
            if folder not in folders:
                folders.add(folder)
                long = {"joliet_path": folder} if joliet else {}
                image.add_directory(_short(folder), **long)
        place = "".join(f"{_short('/' + one)}" for one in parents)
        short = f"{place}/{last.upper()}.;1" if not joliet else f"{place}/F{number}.;1"
        long = {"joliet_path": "/" + name} if joliet else {}
        image.add_fp(io.BytesIO(content), len(content), short, **long)
    file = io.BytesIO()
    image.write_fp(file)
    image.close()
    return file.getvalue()


def _short(folder: str) -> str:
    return folder.upper().replace("-", "_").replace(" ", "_")


def contents(path: Path) -> dict[str, bytes]:
    with open_source(path) as source:
        found = {}
        for name in source.names:
            with source.open(name) as file:
                found[name] = file.read()
        return found


def left_out(path: Path) -> dict[str, str]:
    with open_source(path) as source:
        return {one.name: one.reason for one in source.left_out}
