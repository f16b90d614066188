"""How a reader likes to work: saved for every study, and nobody else's business."""

import pytest

from readerstudy.imaging.errors import Refused
from readerstudy.reading import selectors, services
from readerstudy.reading.models import Preferences
from readerstudy.reading.pages.room import HALVES, HANDS, KEYPAD, KEYS, NONE_KEYS

from .conftest import address


def test_who_never_said_has_the_usual_keys_and_submits_by_hand(cast):
    usual = selectors.preferences(cast.reader)
    assert (usual.keys, usual.auto_advance) == ("two-hands", False)
    assert not Preferences.objects.exists()


def test_a_readers_wishes_are_kept_and_changed(at, cast):
    client = at(cast.reader)
    wish = {"keys": "left-hand", "auto_advance": "on"}
    response = client.post(address("preferences"), wish)
    assert response.status_code == 204
    assert response["Cache-Control"] == "no-store"
    client.post(address("preferences"), {"keys": "right-hand"})
    saved = Preferences.objects.get()
    assert saved.user == cast.reader
    assert (saved.keys, saved.auto_advance) == ("right-hand", False)
    assert not Preferences.objects.filter(user=cast.second_reader).exists()


@pytest.mark.parametrize("keys", ["", "three-hands", "two-hands\0"])
def test_a_layout_that_there_is_not_is_refused_in_words(at, cast, keys):
    response = at(cast.reader).post(address("preferences"), {"keys": keys})
    if keys.rstrip("\0") == "two-hands":  # no database's text holds a NUL
        assert response.status_code == 204
        return
    assert response.status_code == 409
    assert response.json()["error"] == f"Keys: {keys} is not one of the layouts."
    assert not Preferences.objects.exists()


def test_the_service_refuses_it_as_well(cast):
    with pytest.raises(Refused, match="Keys: no is not one of the layouts"):
        services.preferences_save(user=cast.reader, keys="no", auto_advance=True)


def test_preferences_are_only_posted(at, cast):
    assert at(cast.reader).get(address("preferences")).status_code == 405


def test_the_room_opens_as_its_reader_likes_it(at, cast):
    services.preferences_save(user=cast.reader, keys="left-hand", auto_advance=True)
    page = at(cast.reader).get(address("read-next", cast.study.slug)).content.decode()
    assert 'data-auto-advance="1"' in page
    assert 'data-keys="KeyQ Numpad4"' in page
    assert 'value="left-hand" autocomplete="off" checked' in page


def test_every_layout_has_its_name_and_its_own_keys_for_every_grade():
    assert set(KEYS) == set(HANDS) == set(Preferences.Keys.values)
    taken = {"Enter", "Space", "Backspace", "KeyM", "KeyG", "KeyH", "KeyX"}
    for layout in KEYS.values():
        codes = [
            *(code for half in ("left", "right") for code in layout[half]),
            *(code for half in ("left", "right") for code in KEYPAD[half]),
            *NONE_KEYS.values(),
        ]
        assert len(codes) == len(set(codes)) == 18
        assert not taken & set(codes)


def test_the_patients_right_is_on_the_left_half():
    assert HALVES == {"right": "left", "left": "right"}
