"""An unblinded study as files: into a folder, or as one zip while it is made.

Tables are UTF-8 with RFC 4180 line ends. Without a byte order mark by default,
because base R would read it into the name of the first column; with one on request,
because Excel takes UTF-8 for another encoding without it. Names and text that the
platform writes are ASCII, so it matters only for titles, codes and reasons that
somebody typed otherwise.
"""

import csv
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from io import RawIOBase, StringIO
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from readerstudy.reading.models import Study

from ..reporting.building import report_build
from ..reporting.report import Report
from .chosen import tables
from .confidence_mrmc import imrmc_files, imrmc_of
from .csv_text import cell_text
from .documents import SUMS, documents
from .lines import Line
from .mrmc import IMRMC, imrmc

BYTE_ORDER_MARK = "\ufeff".encode()
LINES_A_PIECE = 1000


def file_pieces(
    name: str, *, study: Study, report: Report, excel: bool
) -> Iterator[bytes]:
    """The bytes of one file, piece by piece; memory does not grow with its length."""
    table = tables(report)[name]
    columns = [column.name for column in table.columns]
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    if excel:
        yield BYTE_ORDER_MARK
    for number, line in enumerate(table.lines(study, report), start=1):
        writer.writerow(_cells(name, columns, line))
        if number % LINES_A_PIECE == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _all_pieces(
    *, study: Study, report: Report, excel: bool
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Every file by name, documents first; what all of them hash to at the end.

    Each file is to be taken whole before the next one.
    """
    sums: dict[str, str] = {}
    for name, content in documents(study, report).items():
        yield name, _summed(name, [content], sums)
    for name in tables(report):
        pieces = file_pieces(name, study=study, report=report, excel=excel)
        yield name, _summed(name, pieces, sums)
    if report.is_graded:
        yield IMRMC, _summed(IMRMC, _text_pieces(imrmc(study, report)), sums)
    for name, key in imrmc_files(report).items():
        pieces = _text_pieces(imrmc_of(key, study, report))
        yield name, _summed(name, pieces, sums)
    listed = "".join(f"{hashed}  {name}\n" for name, hashed in sums.items())
    yield SUMS, [listed.encode()]


def _summed(
    name: str, pieces: Iterable[bytes], sums: dict[str, str]
) -> Iterator[bytes]:
    """The same pieces; once they are through, their SHA-256 is in `sums`."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    sums[name] = digest.hexdigest()


def _text_pieces(lines: Iterable[str]) -> Iterator[bytes]:
    waiting = iter(lines)
    while piece := list(islice(waiting, LINES_A_PIECE)):
        yield "".join(f"{line}\n" for line in piece).encode()


def _cells(name: str, columns: list[str], line: Line) -> list[str]:
    if line.keys() != set(columns):
        differing = sorted(line.keys() ^ set(columns))
        raise ValueError(f"{name}: columns do not match its lines: {differing}")
    return [cell_text(line[column]) for column in columns]


def export_to_folder(
    *, study: Study, folder: Path, report: Report | None = None, excel: bool = False
) -> dict[str, int]:
    """Write every file into `folder`; file name → bytes. Refused before unblinding.

    report: the frozen one; by default it is computed now.

    All are written beside it first and then moved in one by one: a file in `folder`
    is whole, or it is the old one. Other files there stay.
    """
    report = report or report_build(study=study)
    folder.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix=".export-", dir=folder))
    try:
        sizes = {}
        for name, pieces in _all_pieces(study=study, report=report, excel=excel):
            with (workplace / name).open("wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
                sizes[name] = file.tell()
        for name in sizes:
            (workplace / name).replace(folder / name)
    finally:
        shutil.rmtree(workplace)
    return sizes


class _Outlet(RawIOBase):
    """What ZipFile writes to: takes bytes, hands them on, cannot go back."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.waiting.append(bytes(content))
        return len(content)

    def take(self) -> bytes:
        content = b"".join(self.waiting)
        self.waiting.clear()
        return content


def zip_pieces(*, study: Study, report: Report, excel: bool = False) -> Iterator[bytes]:
    """A zip of all files while they are made; the same study gives the same bytes."""
    outlet = _Outlet()
    with ZipFile(outlet, "w", ZIP_DEFLATED) as archive:
        for name, pieces in _all_pieces(study=study, report=report, excel=excel):
            entry = ZipInfo(f"{study.slug}/{name}", report.unblinded_at.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    yield outlet.take()
    yield outlet.take()
