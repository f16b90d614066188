"""What is kept of a study is the same in whatever language it was opened."""

import pytest
from django.db import transaction
from django.test import Client
from django.utils import translation

from readerstudy.reading import services
from readerstudy.reading.models import Study
from readerstudy.reading.preflight.checks import preflight
from readerstudy.reading.protocol.frozen import canonical_json, protocol_sha256
from tests.cast import Cast


def opened_in(language: str, draft: Study, cast: Cast) -> tuple[bytes, str]:
    """The frozen protocol and its hash, with the opening taken back afterwards."""
    with translation.override(language), transaction.atomic():
        opened = services.study_open(study=draft, by=cast.coordinator)
        opened.refresh_from_db()
        frozen = canonical_json(opened.protocol), opened.protocol_sha256
        transaction.set_rollback(True)
    return frozen


def test_the_frozen_protocol_does_not_depend_on_the_language(
    make_draft, cast: Cast
) -> None:
    draft = make_draft()
    english, japanese = (opened_in(one, draft, cast) for one in ("en", "ja"))
    assert japanese == english
    assert b"putamen and caudate severely reduced" in japanese[0]


def test_a_study_opened_on_a_japanese_page_is_frozen_in_english(
    make_draft, cast: Cast
) -> None:
    draft = make_draft()
    client = Client(headers={"Accept-Language": "ja"})
    client.force_login(cast.coordinator)
    client.post(f"/studies/{draft.slug}/open/")
    draft.refresh_from_db()
    assert draft.state == Study.State.OPEN
    assert draft.protocol_sha256 == protocol_sha256(draft.protocol)
    words = {
        answer["words"]
        for question in draft.protocol["questions"]["questions"]
        for answer in question["answers"]
    }
    assert "putamen mildly reduced" in words
    assert canonical_json(draft.protocol).isascii()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"spacing": 9}, "間隔 9 は大きすぎます。最大 2 まで"),
        ({"sessions": 9}, "セッション数 9 に対し、症例数は 4 です"),
        ({"case_split": "test"}, "読影する症例がありません。"),
    ],
)
def test_an_impossible_plan_is_explained_in_japanese(
    make_draft, settings: dict[str, object], words: str
) -> None:
    draft = make_draft(**settings)
    with translation.override("ja"):
        assert words in " ".join(finding.message for finding in preflight(draft))


def test_the_widest_spacing_that_is_named_is_possible(make_draft) -> None:
    assert "at most 2 is possible" in preflight(make_draft(spacing=9))[0].message
    assert preflight(make_draft(spacing=2, slug="possible")) == []
    assert preflight(make_draft(spacing=3, slug="impossible")) != []
