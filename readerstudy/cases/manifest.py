"""A table that says which scan is which case: CSV with one line a scan.

    file,case,role,split
    Abe/long.dcm,C001,reference,test
    Abe/short.dcm,C001,short,test

`file` is a path as it was sent, relative to where the manifest lies; a folder stands
for the slices in it. In its place may stand `uid`: the UID of an instance, a series
or, without a role, a study. `role` and `split` may be left empty. A scan that a
manifest does not name stays out of the cohort.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from .models import Case, Series

FILE_NAME = "manifest.csv"
INPUT = "input"  # as the short scan is called where whole stacks are read
COLUMNS = ("file", "uid", "case", "role", "split")
# A code stands in addresses; "=" or "-" before it would be a formula in a table.
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
MOST_BYTES = 16 * 2**20
ENCODINGS = ("utf-8-sig", "cp932")  # the second as Excel writes it in Japan
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # Excel's “Unicode text”
DELIMITERS = ",;\t"

PLACE = gettext_noop("%(manifest)s, line %(line)s, column “%(column)s”: %(what)s")
NO_FILE = gettext_noop("There is no file or folder “%(value)s” in what was sent.")
OTHER_LINE = gettext_noop(
    "It says of the same scan something else than line %(other)s."
)
OWN_NUMBER = gettext_noop("A patient's own number cannot be the code of a case.")
SPLIT_DIFFERS = gettext_noop("Case %(case)s has another part in line %(other)s.")
BAD_CODE = gettext_noop(
    "“%(value)s” is no code of a case: 1 to 32 letters from A to Z, digits, - and _, "
    "beginning with a letter or digit."
)
NOT_OF = gettext_noop("“%(value)s” is none of: %(allowed)s.")
EITHER = gettext_noop("Each line names either a file or a UID.")
NO_TEXT = gettext_noop(
    "%(manifest)s is not text in UTF-8. Please save it as “CSV UTF-8”."
)
TWICE = gettext_noop("It stands in line %(other)s already.")


@dataclass(frozen=True)
class Row:
    """line: where it stands in the file, from 1. role, split: "" where not told."""

    line: int
    case: str
    role: str = ""
    split: str = ""
    file: str = ""
    uid: str = ""


class Manifest:
    """The rows, and which scan each was found to speak of.

    name: of the file, for messages. folder: where it lies within what was sent,
        "" or ending in "/".
    """

    def __init__(self, rows: Sequence[Row], *, name: str, folder: str = "") -> None:
        self.rows, self.name, self.folder = tuple(rows), name, folder
        self._by_file = {_plain(row.file): row for row in rows if row.file}
        self._by_uid = {row.uid: row for row in rows if row.uid}
        self._by_scan: dict[int, Row] = {}
        self._used: set[int] = set()

    def of(self, number: int) -> Row | None:
        """What it says of the scan of that number; None if it does not name it."""
        return self._by_scan.get(number)

    def to_json(self) -> dict[str, Any]:
        """Plain values: the rows and what was found, to go on with another day."""
        return {
            "name": self.name,
            "folder": self.folder,
            "rows": [asdict(row) for row in self.rows],
            "scans": {str(number): row.line for number, row in self._by_scan.items()},
            "used": sorted(self._used),
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        rows = {row["line"]: Row(**row) for row in plain["rows"]}
        kept = cls(list(rows.values()), name=plain["name"], folder=plain["folder"])
        kept._by_scan = {
            int(number): rows[line] for number, line in plain["scans"].items()
        }
        kept._used = set(plain["used"])
        return kept

    @property
    def codes(self) -> set[str]:
        return {row.case for row in self.rows}

    @property
    def unused(self) -> list[Row]:
        """Rows that speak of no scan that was found."""
        return [row for row in self.rows if row.line not in self._used]

    def check_names(self, names: Iterable[str]) -> None:
        """Refused if it names a file or folder that was not sent."""
        known = {place for name in names for place in self._places(name)}
        for plain, row in self._by_file.items():
            if plain not in known:
                raise self.refused(row.line, "file", NO_FILE % {"value": row.file})

    def assign(
        self, number: int, *, files: Sequence[str], uids: Iterable[str], patient: str
    ) -> None:
        """Find what it says of a scan. Refused if its rows contradict each other.

        patient: PatientID, which may not be the case's code.
        """
        rows = sorted(self._rows_for(files, uids), key=lambda row: row.line)
        if not rows:
            return
        first = rows[0]
        for row in rows[1:]:
            if (row.case, row.role, row.split) != (first.case, first.role, first.split):
                raise self.refused(row.line, "case", OTHER_LINE % {"other": first.line})
        if first.case.casefold() == patient.strip().casefold():
            raise self.refused(first.line, "case", OWN_NUMBER)
        self._by_scan[number] = first
        self._used |= {row.line for row in rows}

    def refused(self, line: int, column: str, what: str) -> Refused:
        return _refused(self.name, line, column, what)

    def _places(self, name: str) -> Iterator[str]:
        """The file and the folders it lies in, below the manifest's own."""
        plain = _plain(name.removeprefix(self.folder))
        yield plain
        while "/" in plain:
            plain = plain.rpartition("/")[0]
            yield plain

    def _rows_for(self, files: Sequence[str], uids: Iterable[str]) -> set[Row]:
        """A row of a file speaks of its scan, one of a folder of all that lie in it."""
        named = {place for name in files for place in self._places(name)}
        found = {self._by_file[place] for place in named if place in self._by_file}
        return found | {self._by_uid[uid] for uid in uids if uid in self._by_uid}


def read_manifest(content: bytes, *, name: str, folder: str = "") -> Manifest:
    """Refused, with line and column, if anything in it cannot be understood."""
    if len(content) > MOST_BYTES:
        raise Refused(
            gettext_noop("%(manifest)s is larger than %(megabytes)s MB.")
            % {"manifest": name, "megabytes": MOST_BYTES // 2**20}
        )
    rows: list[Row] = []
    for line, values in _lines(_text(content, name), name):
        rows.append(_row(line, values, name))
    if not rows:
        raise Refused(gettext_noop("%(manifest)s names no scan.") % {"manifest": name})
    _check_together(rows, name)
    return Manifest(rows, name=name, folder=folder)


def _text(content: bytes, name: str) -> str:
    for encoding in ("utf-16",) if content.startswith(UTF_16) else ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused(NO_TEXT % {"manifest": name})


def _lines(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and values of each line that says anything."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] = []
    try:
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if not header:
                header = _header(values, reader.line_num, name)
                continue
            if len(values) > len(header):
                raise _refused(name, reader.line_num, *_too_many(header))
            yield reader.line_num, dict(zip(header, values, strict=False))
    except csv.Error as error:
        raise _refused(
            name, reader.line_num, "1", gettext_noop("It is not a line of a table.")
        ) from error


def _too_many(header: list[str]) -> tuple[str, str]:
    what = gettext_noop("The line has more values than the first line has columns.")
    return str(len(header) + 1), what


def _header(values: list[str], line: int, name: str) -> list[str]:
    header = [value.lower() for value in values]
    for number, column in enumerate(header):
        if column not in COLUMNS:
            allowed = ", ".join(COLUMNS)
            what = NOT_OF % {"value": _short(values[number]), "allowed": allowed}
            raise _refused(name, line, str(number + 1), what)
        if column in header[:number]:
            raise _refused(name, line, column, TWICE % {"other": line})
    for needed in ("case", "file" if "uid" not in header else "uid"):
        if needed not in header:
            what = gettext_noop("The first line does not name this column.")
            raise _refused(name, line, needed, what)
    return header


def _row(line: int, values: dict[str, str], name: str) -> Row:
    if values.get("role") == INPUT:
        values = {**values, "role": Series.Role.SHORT}
    row = Row(line, **{"case": "", **values})
    if bool(row.file) == bool(row.uid):
        raise _refused(name, line, "file" if "file" in values else "uid", EITHER)
    if not CODE.fullmatch(row.case):
        raise _refused(name, line, "case", BAD_CODE % {"value": _short(row.case)})
    for column, allowed in (("role", Series.Role.values), ("split", Case.Split.values)):
        if (value := values.get(column, "")) and value not in allowed:
            listed = ", ".join(one for one in allowed if one)
            what = NOT_OF % {"value": _short(value), "allowed": listed}
            raise _refused(name, line, column, what)
    return row


def _check_together(rows: Sequence[Row], name: str) -> None:
    """One line a file; the scans of a case are of one part, and have roles or none."""
    lines: dict[tuple[str, str], int] = {}
    cases: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        column = "file" if row.file else "uid"
        key = column, _plain(row.file) or row.uid
        if key in lines:
            raise _refused(name, row.line, column, TWICE % {"other": lines[key]})
        lines[key] = row.line
        if before := cases[row.case.casefold()]:
            _check_alike(row, before[0], name)
        cases[row.case.casefold()].append(row)


def _check_alike(row: Row, first: Row, name: str) -> None:
    values = {"case": first.case, "other": first.line}
    if row.split != first.split:
        raise _refused(name, row.line, "split", SPLIT_DIFFERS % values)
    if row.case != first.case:
        what = gettext_noop("It is spelt %(case)s in line %(other)s.") % values
        raise _refused(name, row.line, "case", what)
    if bool(row.role) != bool(first.role):
        what = gettext_noop(
            "The lines of case %(case)s tell a role each or none (line %(other)s)."
        )
        raise _refused(name, row.line, "role", what % values)


def _refused(name: str, line: int, column: str, what: str) -> Refused:
    return Refused(
        PLACE % {"manifest": name, "line": line, "column": column, "what": what}
    )


def _short(value: str) -> str:
    return value if len(value) <= 60 else value[:59] + "…"


def _plain(name: str) -> str:
    """One spelling for one file: of Windows, of macOS, with or without a slash."""
    name = unicodedata.normalize("NFC", name.strip()).replace("\\", "/")
    return name.removeprefix("./").rstrip("/")
