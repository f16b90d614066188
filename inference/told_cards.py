"""The card of a network whose file brings none: what a person says of it.

It is stored in the form of a `WeightsCard`, so that all who read cards read one kind;
what nobody can know of somebody else's network (recipe, seed, results) is empty.
"""

import csv
import io
from dataclasses import dataclass
from typing import Any

from inference.networks.weights import DIGEST, WeightsCard
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

PARTS = ("training", "validation")
CSV_LIMIT = 8 * 2**20  # bytes
MOST_DIGESTS = 50_000
COLUMNS = ("patient_digest", "second_patient_digest")

Patients = dict[str, list[str]]  # part → digests


@dataclass(frozen=True)
class ToldCard:
    """patients: whom the network learned from and by whom it was chosen; None where
    that is not known, and then no study reads what it makes.
    """

    title: str
    origin: str
    licence: str
    training_data: str
    patients: Patients | None

    def to_json(self, *, configuration: dict[str, Any]) -> dict[str, Any]:
        """configuration: what the probe found: layout, channels, opset."""
        data: dict[str, Any] = {"description": self.training_data, "sha256": ""}
        if self.patients is not None:
            data["patients"] = {part: self.patients.get(part, []) for part in PARTS}
        return WeightsCard(
            network="onnx",
            title=self.title,
            configuration=configuration,
            preprocessing={"input": "8-bit image / 255", "size": [64, 64]},
            data=data,
            recipe={},
            loss="",
            seed=0,
            versions={},
            results={},
            licence=self.licence,
            origin=self.origin,
        ).to_json()


def patients_of_csv(content: bytes) -> Patients:
    """The digests in a CSV with a column `patient_digest`; the table of a cohort is
    one. With a column `split`, its test cases are left out; without, all are training.
    Refused with the number of the line where something else stands.
    """
    rows = _rows(content)
    header: list[str] = next(rows, [])
    places = {name: header.index(name) for name in COLUMNS if name in header}
    if "patient_digest" not in places:
        raise Refused(
            gettext_noop("The CSV has no column patient_digest in its first line.")
        )
    split = header.index("split") if "split" in header else None
    found: dict[str, set[str]] = {part: set() for part in PARTS}
    for number, row in enumerate(rows, start=2):
        if not any(row):
            continue
        part = "training" if split is None else _cell(row, split)
        if part == "test":
            continue
        digests = [_cell(row, at) for at in places.values()]
        _check_line(number, part, digests)
        found[part].update(filter(None, digests))
        if sum(map(len, found.values())) > MOST_DIGESTS:
            raise Refused(
                gettext_noop("The CSV has more than %(most)s patients.")
                % {"most": MOST_DIGESTS}
            )
    if not any(found.values()):
        raise Refused(
            gettext_noop("The CSV names no patient of training or validation.")
        )
    return {part: sorted(digests) for part, digests in found.items()}


def _rows(content: bytes) -> Any:
    if len(content) > CSV_LIMIT:
        raise Refused(
            gettext_noop("The CSV is larger than %(megabytes)s MB.")
            % {"megabytes": CSV_LIMIT // 2**20}
        )
    try:
        text = content.decode("utf-8-sig")
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(
            gettext_noop("The CSV cannot be read: it must be text in UTF-8.")
        ) from error


def _cell(row: list[str], at: int) -> str:
    return row[at].strip() if at < len(row) else ""


def _check_line(number: int, part: str, digests: list[str]) -> None:
    if part not in PARTS:
        raise Refused(
            gettext_noop(
                "Line %(number)s of the CSV has %(part)r as its split; it is training, "
                "validation or test."
            )
            % {"number": number, "part": part[:40]}
        )
    first, *others = digests
    if not DIGEST.fullmatch(first) or any(
        one and not DIGEST.fullmatch(one) for one in others
    ):
        raise Refused(
            gettext_noop(
                "Line %(number)s of the CSV holds no digest of 64 digits, as the table "
                "of a cohort has them."
            )
            % {"number": number}
        )
