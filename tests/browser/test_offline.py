"""No answer is lost: the network, the server or the login goes away."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from readerstudy.reading import services
from readerstudy.reading.models import Answer, Read
from tests.cast import PASSWORD, Cast, reader_membership

from .by_hand import next_is_there, note, was_said
from .conftest import log_in
from .test_reading_room import painted, pixels_asked_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]
OFFLINE = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED")
LEFT = ("Digit1", "Digit2", "Digit3", "Digit4")
RIGHT = ("Digit7", "Digit8", "Digit9", "Digit0")


@pytest.fixture
def reads(cast: Cast) -> list[Read]:
    return list(Read.objects.filter(reader__user=cast.reader).order_by("position"))


@pytest.fixture
def address(cast: Cast, live_server: object) -> str:
    return f"{live_server}/read/{cast.study.slug}/"


@pytest.fixture
def room(cast: Cast, page_of: Callable[..., Page], address: str) -> Page:
    page = page_of(cast.reader)
    page.goto(address)
    return page


def grades_of(read: Read) -> tuple[int, int]:
    """Others for each of sixteen neighbours, so that none can stand for another."""
    return read.position % 4 + 1, read.position // 4 % 4 + 1


def answer(page: Page, read: Read) -> None:
    painted(page, read)
    right, left = grades_of(read)
    for key in (LEFT[right - 1], RIGHT[left - 1], "Enter"):
        page.keyboard.press(key)


def assert_stored_once(reads: list[Read]) -> list[Answer]:
    """Each as it was given, in the order of the plan, and nothing else."""
    answers = list(Answer.objects.order_by("at").prefetch_related("scores"))
    assert [a.read_id for a in answers] == [read.pk for read in reads]
    for given, read in zip(answers, reads, strict=True):
        scores = {s.side: s.value for s in given.scores.all()}
        assert (scores["right"], scores["left"]) == grades_of(read)
    return answers


def kept(page: Page) -> list[dict[str, object]]:
    """What the browser keeps, for whichever reader."""
    stored = page.evaluate("Object.entries(localStorage)")
    return [json.loads(text) for name, text in stored if name.startswith("answers ")]


def test_a_session_with_the_network_off_for_ten_seconds_loses_and_doubles_nothing(
    room: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.extend(OFFLINE)
    session = reads[:8]
    note = room.locator("#kept")
    for read in session[:3]:
        answer(room, read)
        expect(note).to_be_hidden()
    painted(room, session[3])
    next_is_there(room)
    room.context.set_offline(True)
    answer(room, session[3])
    painted(room, session[4])  # it was there already
    expect(room.locator("#place")).to_have_text("5 of 8")
    expect(note).to_contain_text("cannot be reached. Your answer is kept")
    expect(note).to_contain_text("you can go on with this read")
    answer(room, session[4])
    expect(note).to_contain_text("please wait")
    expect(room.locator("#submit")).to_be_disabled()
    for key in (LEFT[0], RIGHT[0], "Enter"):  # nothing can be answered in its place
        room.keyboard.press(key)
    assert len(kept(room)) == 2
    room.wait_for_timeout(10_000)
    assert Answer.objects.count() == 3

    room.context.set_offline(False)
    for read in session[5:]:
        answer(room, read)
        expect(note).to_be_hidden()
    room.wait_for_url("**/pause/")
    answers = assert_stored_once(session)
    assert [a.held_ms is not None for a in answers] == [i in (3, 4) for i in range(8)]
    assert 10_000 <= answers[3].held_ms <= 60_000
    assert kept(room) == []


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_that_fails_once_is_asked_again_and_stores_once(
    room: Page, reads: list[Read], expected_errors: list[str], status: int
) -> None:
    expected_errors.append(str(status))
    room.route(
        "**/submit/", lambda route: route.fulfill(status=status, body="no"), times=1
    )
    note(room)
    answer(room, reads[0])
    was_said(room, "cannot be reached")
    painted(room, reads[1])
    expect(room.locator("#kept")).to_be_hidden()
    answer(room, reads[1])
    painted(room, reads[2])
    waited, at_once = assert_stored_once(reads[:2])
    assert waited.held_ms is not None
    assert at_once.held_ms is None


@pytest.mark.parametrize(
    ("status", "body"), [(200, "{}"), (200, "<p>Log in"), (404, "{}"), (409, "[]")]
)
def test_what_something_on_the_way_says_is_no_acknowledgement(
    room: Page,
    reads: list[Read],
    expected_errors: list[str],
    status: int,
    body: str,
) -> None:
    expected_errors.append(str(status))
    json_type = {"content_type": "application/json"}
    room.route(
        "**/submit/",
        lambda route: route.fulfill(status=status, body=body, **json_type),
    )
    answer(room, reads[0])
    expect(room.locator("#kept")).to_contain_text("is kept in this browser")
    expect(room.locator("#trouble")).to_be_hidden()
    assert len(kept(room)) == 1
    room.unroute("**/submit/")
    painted(room, reads[1])
    expect(room.locator("#kept")).to_be_hidden()
    answer(room, reads[1])
    painted(room, reads[2])
    assert_stored_once(reads[:2])
    assert kept(room) == []


def test_an_answer_that_waits_since_before_a_reload_says_so_and_takes_no_other(
    room: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.append("503")
    room.route("**/submit/", lambda route: route.fulfill(status=503, body="no"))
    answer(room, reads[0])
    expect(room.locator("#kept")).to_contain_text("you can go on with this read")
    room.reload()
    expect(room.locator("#kept")).to_contain_text("please wait")
    for key in (LEFT[3], RIGHT[3], "Enter"):
        room.keyboard.press(key)
    assert len(kept(room)) == 1
    room.unroute("**/submit/")
    painted(room, reads[1])
    assert_stored_once(reads[:1])


def test_a_page_that_is_busy_itself_keeps_no_answer_waiting(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    room.evaluate(
        """() => {
          const turn = takeTurn;
          takeTurn = () => {
            for (const since = Date.now(); Date.now() - since < 500; );
            return turn();
          };
        }"""
    )
    answer(room, reads[0])
    painted(room, reads[1])
    (only,) = assert_stored_once(reads[:1])
    assert only.held_ms is None


def test_an_answer_whose_acknowledgement_is_lost_is_stored_once(
    room: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.extend(OFFLINE)

    def lose(route: Route) -> None:
        assert route.fetch().ok
        route.abort()

    room.route("**/submit/", lose, times=1)
    note(room)
    answer(room, reads[0])
    was_said(room, "is kept in this browser")
    expect(room.locator("#kept")).to_be_hidden()
    answer(room, reads[1])
    painted(room, reads[2])
    assert_stored_once(reads[:2])


def test_a_server_that_is_silent_for_five_seconds_counts_as_lost(
    room: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.append("")  # an aborted request may or may not be an error
    held: list[Route] = []
    room.route("**/submit/", lambda route: held.append(route), times=1)
    note(room)
    answer(room, reads[0])
    confirmed = room.evaluate("keptAnswers()[0].at")
    was_said(room, "cannot be reached")
    told = room.evaluate("noted.find(([at, said]) => said)[0]")
    assert room.evaluate("PATIENCE") == 5000
    assert told - confirmed >= 4900
    answer(room, reads[1])
    painted(room, reads[2])
    expect(room.locator("#kept")).to_be_hidden()
    assert_stored_once(reads[:2])


def test_what_the_server_says_is_due_comes_next_once_it_is_back(
    room: Page, cast: Cast, reads: list[Read], expected_errors: list[str]
) -> None:
    """A coordinator opened read 1 again while the reader had no connection."""
    expected_errors.extend(OFFLINE)
    answer(room, reads[0])
    painted(room, reads[1])
    next_is_there(room)
    room.context.set_offline(True)
    answer(room, reads[1])
    painted(room, reads[2])
    reader = reader_membership(cast.study, cast.reader)
    services.read_reopen(
        study=cast.study,
        reader=reader.code,
        session=1,
        number=1,
        reason="Please look again.",
        by=cast.coordinator,
    )
    room.context.set_offline(False)
    reads[0].refresh_from_db()
    expect(room.locator("#again")).to_contain_text("Read 1 of 8 in session 1")
    answer(room, reads[0])
    painted(room, reads[2])
    expect(room.locator("#place")).to_have_text("3 of 8")
    versions = Answer.objects.order_by("at").values_list("read__position", "version")
    assert list(versions) == [(1, 1), (2, 1), (1, 2)]


def test_what_is_refused_for_good_is_told_and_the_rest_goes_its_way(
    room: Page, cast: Cast, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.extend([*OFFLINE, "409 (Conflict)", "404 (Not Found)"])
    painted(room, reads[0])
    next_is_there(room)
    room.context.set_offline(True)
    answer(room, reads[0])
    painted(room, reads[1])
    services.study_close(study=cast.study, by=cast.coordinator)
    room.context.set_offline(False)
    trouble = room.locator("#trouble")
    expect(trouble).to_have_text(
        "Read 1 of 8: this answer was not taken. "
        "The study is closed; no answer is taken any more."
    )
    answer(room, reads[1])
    expect(trouble).to_contain_text("Read 2 of 8: this answer was not taken.")
    expect(trouble).to_contain_text("Read 1 of 8")
    room.locator("#reload").click()
    room.wait_for_url("**/pause/")
    assert kept(room) == []
    assert Answer.objects.count() == 0


def test_what_can_be_sent_no_more_is_told_where_reading_ends(
    room: Page,
    cast: Cast,
    page_of: Callable[..., Page],
    reads: list[Read],
    address: str,
    expected_errors: list[str],
) -> None:
    """The window was closed without a network, and then the study."""
    expected_errors.extend(OFFLINE)
    painted(room, reads[0])
    next_is_there(room)
    room.context.set_offline(True)
    answer(room, reads[0])
    painted(room, reads[1])
    context = room.context
    room.close()
    services.study_close(study=cast.study, by=cast.coordinator)
    context.set_offline(False)
    page = context.new_page()
    page.goto(address)
    page.wait_for_url("**/pause/")
    expect(page.locator("#unsent")).to_contain_text("has not taken: read 1 of 8.")
    other = page_of(cast.second_reader)
    other.goto(address)
    expect(other.locator("h1")).to_have_text("This study is closed")
    expect(other.locator("#unsent")).to_be_hidden()


def test_a_reader_who_was_logged_out_loses_nothing(
    room: Page, reads: list[Read], address: str
) -> None:
    painted(room, reads[0])
    room.context.clear_cookies(name="sessionid")
    answer(room, reads[0])
    expect(room.locator("#kept")).to_contain_text("You are logged out.")
    assert room.get_attribute("#room", "data-painted") == reads[0].token
    room.get_by_role("link", name="Log in").click()
    room.fill("#id_username", "reader")
    room.fill("#id_password", PASSWORD)
    room.click("main button")
    room.wait_for_url(address)
    answer(room, reads[1])
    painted(room, reads[2])
    (first, _) = assert_stored_once(reads[:2])
    assert first.held_ms is not None
    assert kept(room) == []


def test_logging_in_again_in_another_window_sends_what_the_first_one_keeps(
    room: Page, reads: list[Read], live_server: object, expected_errors: list[str]
) -> None:
    expected_errors.append("403 (Forbidden)")
    painted(room, reads[0])
    room.context.clear_cookies()
    answer(room, reads[0])
    expect(room.locator("#kept")).to_contain_text("You are logged out.")
    log_in(room.context.new_page(), str(live_server), "reader")
    painted(room, reads[1])
    assert_stored_once(reads[:1])


def test_another_reader_at_the_same_computer_neither_sends_nor_sees_what_is_kept(
    room: Page,
    cast: Cast,
    reads: list[Read],
    live_server: object,
    address: str,
    expected_errors: list[str],
) -> None:
    expected_errors.extend(["403 (Forbidden)", "404 (Not Found)"])
    painted(room, reads[0])
    room.context.clear_cookies()
    answer(room, reads[0])
    expect(room.locator("#kept")).to_contain_text("You are logged out.")

    second = room.context.new_page()
    log_in(second, str(live_server), "second-reader")
    second.goto(address)
    theirs = Read.objects.get(reader__user=cast.second_reader, position=1)
    painted(second, theirs)
    expect(second.locator("#kept")).to_be_hidden()
    expect(second.locator("#answer :checked")).to_have_count(0)
    # the first one's window, left open, asks in the second one's name
    expect(room.locator("#kept")).to_contain_text("Somebody else is logged in here")
    answer(second, theirs)
    painted(second, Read.objects.get(reader__user=cast.second_reader, position=2))
    assert [a.read for a in Answer.objects.all()] == [theirs]
    # of what it sent itself it knows at once that it is kept no more
    assert [a["token"] for a in kept(second)] == [reads[0].token]

    room.context.clear_cookies()
    log_in(second, str(live_server), "reader")
    painted(room, reads[1])
    assert Answer.objects.filter(read=reads[0]).count() == 1
    assert kept(room) == []


def leave_out_pixels(route: Route) -> None:
    response = route.fetch()
    route.fulfill(response=response, json={**response.json(), "pixels": None})


@pytest.mark.parametrize("comes_with", [True, False])
def test_the_pixels_come_with_the_answer_or_are_asked_for(
    cast: Cast,
    page_of: Callable[..., Page],
    address: str,
    reads: list[Read],
    comes_with: bool,
) -> None:
    page = page_of(cast.reader)
    if not comes_with:
        page.route("**/submit/", leave_out_pixels)
    asked = pixels_asked_for(page)
    page.goto(address)
    for read in reads[:4]:
        answer(page, read)
    painted(page, reads[4])
    next_is_there(page)
    wanted = reads[:2] if comes_with else reads[:6]
    assert asked == [read.token for read in wanted]
