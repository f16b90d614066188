"""A manifest says which scan is which case, and every mistake in it has its place."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.cases import services
from readerstudy.cases.manifest import Manifest, read_manifest
from readerstudy.imaging.errors import Refused
from tests.imaging.objects import head, nuclear_object, write
from tests.imaging.test_tomogram import single_slices

from .conftest import reasons

pytestmark = pytest.mark.django_db

WHOLE = """file,case,role,split
Abe-1/A,N-07,reference,test
Abe-1/B,N-07,short,test
Baba-2/B,N-08,short,training
Baba-2/A,N-08,reference,training
"""


def parsed(text: str | bytes) -> Manifest:
    content = text.encode() if isinstance(text, str) else text
    return read_manifest(content, name="m.csv")


def test_cases_codes_roles_and_parts_are_the_manifests(folder):
    plan = services.cohort_scan(folder, manifest=parsed(WHOLE))
    assert [(pair.code, pair.split) for pair in plan.pairs] == [
        ("N-07", "test"),
        ("N-08", "training"),
    ]
    assert [pair.reference.name for pair in plan.pairs] == ["Abe-1/A", "Baba-2/A"]
    assert reasons(plan)["Chiba-3/A"] == "The manifest does not name it."
    cohort = services.cohort_import(plan=plan, name="Named", coordinators=[])
    assert sorted(cohort.cases.values_list("code", "split")) == [
        ("N-07", "test"),
        ("N-08", "training"),
    ]


def test_a_manifest_may_turn_round_what_the_durations_say(folder):
    text = "file,case,role\nAbe-1/B,X,reference\nAbe-1/A,X,short\n"
    (pair,) = services.cohort_scan(folder, manifest=parsed(text)).pairs
    assert pair.reference.name == "Abe-1/B"


def test_a_manifest_at_the_top_of_what_was_sent_is_used(folder, tmp_path):
    (folder / "Manifest.csv").write_text(WHOLE)
    plan = services.cohort_scan(folder)
    assert [pair.code for pair in plan.pairs] == ["N-07", "N-08"]
    assert "Manifest.csv" not in reasons(plan)
    # and where all lies in one folder
    inside = tmp_path / "sent"
    inside.mkdir()
    folder.rename(inside / "export 2026")
    plan = services.cohort_scan(inside)
    assert [pair.code for pair in plan.pairs] == ["N-07", "N-08"]


def test_uids_of_instances_series_and_studies_name_a_scan(tmp_path):
    uids = []
    for name, frame_ms, scale in (("long", 25_000, 5), ("short", 5_000, 1)):
        frames, series = head(scale=scale)[::-1], f"1.3.{scale}"
        ds = nuclear_object(frames, frame_ms=frame_ms, study="1.2.77", series=series)
        write(ds, tmp_path / "sent" / name)
        uids.append(ds.SOPInstanceUID)
    for text in (
        f"uid,case,role\n{uids[0]},K1,reference\n{uids[1]},K1,short\n",
        "uid,case,role\n1.3.5,K1,reference\n1.3.1,K1,short\n",
        "uid,case\n1.2.77,K1\n",
    ):
        (pair,) = services.cohort_scan(tmp_path / "sent", manifest=parsed(text)).pairs
        assert (pair.code, pair.reference.name) == ("K1", "long")


def test_a_folder_of_slices_is_one_scan(tmp_path):
    for name, frame_ms, scale in (("long", 25_000, 5), ("short", 5_000, 1)):
        for index, ds in enumerate(single_slices(head(hot_slice=7, scale=scale)[::-1])):
            ds.SeriesInstanceUID = f"1.2.3.{scale}"
            ds.RotationInformationSequence[0].ActualFrameDuration = frame_ms
            write(ds, tmp_path / "sent" / "Abe" / name / f"{index:02}")
    text = "file;case;role\nAbe\\long\\;S1;reference\n./Abe/short;S1;short\n"
    (pair,) = services.cohort_scan(tmp_path / "sent", manifest=parsed(text)).pairs
    assert pair.code == "S1"
    assert len(pair.reference.files) == 12


def test_a_patients_own_number_is_no_code(folder):
    text = "file,case\nAbe-1/A,abe-1\nAbe-1/B,abe-1\n"
    with pytest.raises(Refused, match="line 2, column “case”: A patient's own number"):
        services.cohort_scan(folder, manifest=parsed(text))


def test_a_file_that_was_not_sent_is_named_before_anything_is_read(folder):
    text = "file,case\nAbe-1/A,X\nAbe-1/C,X\n"
    with pytest.raises(Refused, match="line 3, column “file”: There is no file or"):
        services.cohort_scan(
            folder, manifest=parsed(text), progress=lambda *_: pytest.fail("too late")
        )


def test_what_the_manifest_names_in_vain_is_told(folder):
    text = WHOLE + "truth.csv,N-09,reference,test\n"
    plan = services.cohort_scan(folder, manifest=parsed(text))
    assert plan.warnings == (
        "m.csv names scans that were not found or could not be read, the first in "
        "line 6 (1 in all).",
    )


def test_rows_that_contradict_each_other_on_one_scan_are_refused(tmp_path):
    for index, ds in enumerate(single_slices(head(hot_slice=7)[::-1])):
        ds.SeriesInstanceUID = "1.2.3"
        write(ds, tmp_path / "sent" / f"{index:02}")
    text = "file,case\n00,X\n01,Y\n"
    with pytest.raises(Refused, match="line 3, column “case”: It says of the same"):
        services.cohort_scan(tmp_path / "sent", manifest=parsed(text))


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("", "", "m.csv names no scan"),
        ("file,case\n", "", "m.csv names no scan"),
        ("name,case\na,b\n", "line 1, column “1”", "“name” is none of: file, uid"),
        ("file,case,case\na,b,c\n", "line 1, column “case”", "line 1 already"),
        ("file,role\na,b\n", "line 1, column “case”", "does not name this column"),
        ("case,role\na,b\n", "line 1, column “file”", "does not name this column"),
        ("file,case\n\na,b,c\n", "line 3, column “3”", "more values than"),
        ("file,case\n,b\n", "line 2, column “file”", "either a file or a UID"),
        ("file,uid,case\na,1,b\n", "line 2, column “file”", "either a file or a UID"),
        ("file,case\na,b/c\n", "line 2, column “case”", "“b/c” is no code"),
        ("file,case\na,=1+1\n", "line 2, column “case”", "“=1+1” is no code"),
        ("file,case\na,\n", "line 2, column “case”", "“” is no code"),
        ("file,case\na," + "b" * 33, "line 2, column “case”", "is no code"),
        (
            "file,case,role\na,b,long\n",
            "line 2, column “role”",
            "“long” is none of",
        ),
        ("file,case,split\na,b,exam\n", "line 2, column “split”", "“exam” is none of"),
        ("file,case\na,b\nb,c\n./a,b\n", "line 4, column “file”", "line 2 already"),
        ("uid,case\n1,b\n1,b\n", "line 3, column “uid”", "line 2 already"),
        (
            "file,case,split\na,b,test\nc,b,training\n",
            "line 3, column “split”",
            "Case b has another part in line 2",
        ),
        ("file,case\na,b\nc,B\n", "line 3, column “case”", "It is spelt b in line 2"),
        (
            "file,case,role\na,b,short\nc,b,\n",
            "line 3, column “role”",
            "The lines of case b tell a role each or none (line 2)",
        ),
        (
            b"file,case\n\x81,b\n",
            "",
            "in UTF-8. Please save it as “CSV UTF-8”",
        ),
        ("file,case\na,b\n".encode("utf-16-le"), "", "Please save it as “CSV UTF-8”"),
        (b"\xff\xfe\x00\xd8", "", "Please save it as “CSV UTF-8”"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_column(text, place, what):
    with pytest.raises(Refused) as refusal:
        parsed(text)
    assert place in str(refusal.value)
    assert what in str(refusal.value)
    assert "m.csv" in str(refusal.value)


def test_a_manifest_from_excel_in_japan_is_read():
    (row,) = parsed("file;case\n山田/1;A1\n".encode("cp932")).rows
    assert (row.file, row.case) == ("山田/1", "A1")
    (row,) = parsed("\ufefffile\tcase\r\n山田/1\tA1\r\n").rows
    assert row.file == "山田/1"
    for encoding in ("utf-16-le", "utf-16-be"):  # “Unicode text”
        (row,) = parsed("\ufefffile\tcase\r\n山田/1\tA1\r\n".encode(encoding)).rows
        assert (row.file, row.case) == ("山田/1", "A1")


@given(st.one_of(st.text(), st.binary()))
def test_whatever_it_holds_is_read_or_refused(text):
    try:
        parsed(text)
    except Refused as refusal:
        assert "m.csv" in str(refusal)


CELLS = st.sampled_from(["file", "case", "role", "a", "b", "short", "", '"', "x,\n"])


@given(st.lists(st.lists(CELLS, max_size=4), max_size=4))
def test_whatever_its_cells_hold_is_read_or_refused(rows):
    file = io.StringIO()
    csv.writer(file).writerows([["file", "case", "role"], *rows])
    try:
        parsed(file.getvalue())
    except Refused as refusal:
        assert "m.csv" in str(refusal)
