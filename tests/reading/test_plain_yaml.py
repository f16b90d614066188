"""YAML as a careful person reads it: nothing turns into something else unnoticed."""

from decimal import Decimal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from readerstudy.imaging.errors import Refused
from readerstudy.reading.protocol.plain_yaml import MAX_BYTES, yaml_read, yaml_write

pytestmark = pytest.mark.pure

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"),
    max_size=30,
)
TRICKY = st.sampled_from(
    ["no", "on", "~", "null", "true", "True", "", " ", "-", "1", "007", "1_000", "1e3"]
    + ["0.50", "1:30", "0x1F", ".nan", "2026-11-21", "<<", "&a", "*a", "!b", "a: b"]
    + ["# c", "x\x85y", "x\r\ny", "x\u2028y", "\ufeff", "'", '"', "%", "---", "...\n"]
)
SCALARS = (
    TEXT | TRICKY | st.booleans() | st.none() | st.integers(-999_999_999, 999_999_999)
)
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXT | TRICKY, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(DATA)
@settings(max_examples=300)
def test_what_is_written_is_read_back(data: object) -> None:
    assert yaml_read(yaml_write(data).encode()) == data


@given(TEXT | TRICKY)
@settings(max_examples=200)
def test_other_programs_read_the_same_text(text: str) -> None:
    assert yaml.safe_load(yaml_write({"x": text})) == {"x": text}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("2026-11-21", "2026-11-21"),
        ("1:30", "1:30"),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("0.60", "0.60"),
        (".nan", ".nan"),
        ("-0", "-0"),
        ("12345678901", "12345678901"),
        ("12", 12),
        ("'12'", "12"),
        ("-3", -3),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("<<", "<<"),
    ],
)
def test_only_what_looks_like_nothing_else_is_more_than_text(written, read):
    found = yaml_read(f"x: {written}\n".encode())["x"]
    assert (found, type(found)) == (read, type(read))


def test_a_decimal_is_a_number_to_other_programs_and_keeps_its_digits():
    written = yaml_write({"a": Decimal("0.10"), "b": Decimal("1")})
    assert yaml.safe_load(written) == {"a": 0.1, "b": 1.0}
    assert yaml_read(written.encode()) == {"a": "0.10", "b": "1.0"}


def test_files_from_any_editor_are_read():
    assert yaml_read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n") == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a: 1\nb:\n  c: 1\n  c: 2\n", "Line 4, column 3: the key “c” is there twice"),
        (b"a: 1\n'a': 2\n", "Line 2, column 1: the key “a” is there twice"),
        (b"a: &x 1\nb: *x\n", "Line 1, column 4: anchors"),
        (b"a: *x\n", "Line 1, column 4: anchors"),
        (b"a: !!python/object:os.system x\n", "Line 1, column 4: tags"),
        (b"a: !!binary aGk=\n", "Line 1, column 4: tags"),
        (b"[" * 100_000, "Line 1, column 13: it is nested too deeply"),
        (b"? [1]\n: 2\n", "Line 1, column 3: a key must be a word"),
        (b"a: 1\n---\nb: 2\n", "Line 2, column 1: but found another document"),
        (b"a: b: c\n", "Line 1, column 5: mapping values are not allowed here"),
        (b"a:\n\t- b\n", "Line 2, column 1: found character '\\\\t'"),
        (b"a: 'b\n", "while scanning|found unexpected end of stream"),
        (b"\xff\xfea", "not text in UTF-8"),
        (b"a: \x07\n", "special characters are not allowed"),
        (b'a: "\\0"\n', "a character that no text has"),
        (b'"\\uD800": 1\n', "a character that no text has"),
        (b'a: "\\U00110000"\n', "a number or an escape in it is too large"),
        (b'a: "\\UFFFFFFFF"\n', "a number or an escape in it is too large"),
        (b"%YAML 1." + b"1" * 5000 + b"\n---\na\n", "a number or an escape"),
        (b"a" * (MAX_BYTES + 1), "too large: at most 256 kB"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_place(content, why):
    with pytest.raises(Refused, match=why):
        yaml_read(content)


def test_a_laughing_billion_is_refused_before_it_grows():
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    with pytest.raises(Refused, match="anchors"):
        yaml_read("\n".join(lines).encode())


@given(
    st.binary(max_size=60)
    | st.text("[]{}:-,'\"?&*!|>%@#\n ab1", max_size=60).map(str.encode)
)
@settings(max_examples=500)
def test_no_bytes_at_all_break_the_reading(content: bytes) -> None:
    try:
        yaml_read(content)
    except Refused as refused:
        assert str(refused)
