"""The window that a reader chose is kept where the protocol allows it."""

import pytest

from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Answer
from tests.cast import reader_membership

from .conftest import address


@pytest.fixture
def answered(cast, at, make_open):
    """Answer the next read of a study with these fields; return the stored window."""

    def answer(*, allowed: bool = True, **fields: object) -> tuple[int | None, ...]:
        slug = f"window-{allowed}".lower()
        study = make_open(slug=slug, window_adjustable=allowed)
        due = services.read_next(reader=reader_membership(study, cast.reader))
        grades = {"grade-right": 3, "grade-left": 2, "key": "a-key"}
        response = at(cast.reader).post(
            address("read-submit", slug), {"token": due.read.token, **grades, **fields}
        )
        assert response.status_code == 200
        stored = Answer.objects.get(read__session__study=study)
        return stored.window_low, stored.window_high

    return answer


def test_the_window_is_kept_with_the_answer(answered):
    assert answered(low=20, high=180) == (20, 180)


def test_a_window_that_was_not_adjusted_is_none(answered):
    assert answered() == (None, None)


def test_a_window_that_the_protocol_does_not_allow_is_not_kept(answered):
    assert answered(allowed=False, low=20, high=180) == (None, None)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (180, 20),
        (20, 20),
        (-5, 180),
        (0, 256),
        ("", 180),
        ("x", "y"),
        (1.5, 180),
        ("٣", 180),
        (20, "9" * 400),
        ("0\0", 180),
    ],
)
def test_nonsense_is_no_window_and_costs_no_answer(answered, low, high):
    assert answered(low=low, high=high) in {(None, None), (0, 180)}


def test_half_a_window_is_none(answered):
    assert answered(high=180) == (None, None)


def test_the_room_offers_the_window_only_where_the_protocol_does(cast, at, make_open):
    for allowed in (False, True):
        slug = f"window-{allowed}".lower()
        make_open(slug=slug, window_adjustable=allowed)
        page = at(cast.reader).get(address("read-next", slug)).content.decode()
        assert ('id="window-low"' in page) == allowed
        assert f'data-window-adjustable="{"1" if allowed else ""}"' in page
        assert 'id="zoom-in"' in page


def test_whether_readers_adjust_the_window_is_never_amended(cast, make_open):
    study = make_open()
    with pytest.raises(Refused, match="window"):
        services.protocol_amend(
            study=study, by=cast.coordinator, reason="Too dark.", window_adjustable=True
        )
    study.refresh_from_db()
    assert not study.window_adjustable


def test_the_studys_pages_say_whether_readers_may_adjust_the_window(
    cast, at, make_open, make_draft
):
    client = at(cast.coordinator)
    study = make_open(slug="window-true", window_adjustable=True)
    page = client.get(address("study-detail", study.slug)).content.decode()
    assert "Readers may adjust the window" in page
    protocol = client.get(address("protocol-download", study.slug)).content.decode()
    assert "window_adjustable: true" in protocol
    make_draft(slug="a-draft", window_adjustable=True)
    form = client.get(address("study-edit", "a-draft")).content.decode()
    start = form.index('name="window_adjustable"')
    assert "checked" in form[start : form.index(">", start)]
