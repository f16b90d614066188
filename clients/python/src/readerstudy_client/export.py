"""An unblinded study as files: CSV tables, a data dictionary, the frozen report."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

if TYPE_CHECKING:
    import pandas


class Export:
    """The archive, in memory."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._zip = ZipFile(io.BytesIO(content))
        # all of them lie in one folder, which is named like the study
        self._paths = {path.rpartition("/")[2]: path for path in self._zip.namelist()}

    @property
    def names(self) -> list[str]:
        return list(self._paths)

    def read(self, name: str) -> bytes:
        if name not in self._paths:
            raise KeyError(f"The export has no {name}, but: {', '.join(self._paths)}")
        return self._zip.read(self._paths[name])

    def rows(self, name: str) -> list[dict[str, str]]:
        """The lines of a table, every cell as text."""
        text = io.StringIO(self.read(_csv(name)).decode("utf-8-sig"), newline="")
        return list(csv.DictReader(text))

    def table(self, name: str, **options: Any) -> "pandas.DataFrame":
        """A table as pandas has it; options: as of pandas.read_csv."""
        import pandas

        return pandas.read_csv(io.BytesIO(self.read(_csv(name))), **options)

    def save(self, path: str | Path) -> None:
        Path(path).write_bytes(self.content)


def _csv(name: str) -> str:
    return name if name.endswith(".csv") else f"{name}.csv"
