"""A worker's English sentence is found again in the reader's language."""

import pytest
from django.utils import translation

from readerstudy.cases import wording
from readerstudy.cases.wording import told

CATALOGUE = {
    "It is empty.": "空です。",
    "It is larger than %(megabytes)s MB.": "%(megabytes)s MB を超えています。",
    "%(name)s is larger than %(megabytes)s MB.": "%(name)s：%(megabytes)s MB 超",
    "Reference scan: %(note)s": "参照：%(note)s",
    "The two scans lie %(apart).1f mm apart.": "2 つは %(apart).1f mm 離れています。",
    "%(a)s×%(a)s of 100 %% are needed.": "100 %% の %(a)s×%(a)s が必要です。",
    "%(a)s of %(b)s": "%(b)s の %(a)s",
}


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    class Own:
        _catalog = CATALOGUE

    monkeypatch.setattr(wording, "translation", lambda language: Own)
    monkeypatch.setattr(wording, "gettext", lambda text: CATALOGUE.get(text, text))
    wording._frames.cache_clear()
    yield
    wording._frames.cache_clear()


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("It is empty.", "空です。"),
        ("It is larger than 64 MB.", "64 MB を超えています。"),
        ("scan.zip is larger than 64 MB.", "scan.zip：64 MB 超"),
        ("Reference scan: It is empty.", "参照：空です。"),
        ("The two scans lie 12.5 mm apart.", "2 つは 12.5 mm 離れています。"),
        ("64×64 of 100 % are needed.", "100 % の 64×64 が必要です。"),
        ("64×65 of 100 % are needed.", "64×65 of 100 % are needed."),
        ("3 of 4", "3 of 4"),  # too little is literal to be sure
        ("A name that nobody foresaw", "A name that nobody foresaw"),
        ("", ""),
    ],
)
def test_a_stored_sentence_is_told_with_what_was_put_in(stored, shown):
    with translation.override("ja"):
        assert told(stored) == shown


def test_a_very_long_text_is_left_as_it_is():
    assert told("x is larger than 1 MB." * 100) == "x is larger than 1 MB." * 100
