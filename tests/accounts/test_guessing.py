"""Whoever guesses waits: at the page of the login, at the second factor, at STOW."""

import base64

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.accounts.guessing import (
    AT_ONE_ACCOUNT,
    BY_ONE_ADDRESS,
    FROM_ONE_ADDRESS,
    WINDOW,
)
from readerstudy.audit.models import AuditEvent
from tests.cast import PASSWORD, make_user

from .protecting import code_now, give_app

pytestmark = pytest.mark.django_db
HUNDRED = 100


@pytest.fixture
def reader() -> User:
    return make_user("reader")


def try_password(
    password: str, *, name: str = "reader", address: str = "10.0.0.1", next: str = ""
):
    given = {"username": name, "password": password, "next": next}
    return Client(REMOTE_ADDR=address).post(reverse("login"), given)


def guess(times: int, **where: str) -> list[int]:
    return [try_password(f"guess {n}", **where).status_code for n in range(times)]


def gets_in(password: str = PASSWORD, **where: str) -> bool:
    return try_password(password, **where).status_code == 302


def events(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


def test_after_ten_of_a_hundred_wrong_passwords_even_the_right_one_waits(reader: User):
    answers = guess(HUNDRED)
    assert answers[: FROM_ONE_ADDRESS - 1] == [200] * (FROM_ONE_ADDRESS - 1)
    assert set(answers[FROM_ONE_ADDRESS - 1 :]) == {429}
    assert not gets_in()
    # the log is not filled by whoever goes on
    assert events("account.login_failed") == FROM_ONE_ADDRESS
    assert events("account.lock") == 1


def test_its_owner_gets_in_from_elsewhere_meanwhile_and_unlocks_nobody_else(
    reader: User,
):
    guess(FROM_ONE_ADDRESS)
    assert gets_in(address="10.0.0.2")
    assert not gets_in(address="10.0.0.1")


def test_after_a_quarter_of_an_hour_there_is_another_chance(reader: User):
    guess(HUNDRED)
    AccessAttempt.objects.update(attempt_time=timezone.now() - WINDOW)
    assert gets_in()
    assert not AccessAttempt.objects.filter(username="reader").exists()


def test_who_guesses_from_many_machines_is_stopped_as_well(reader: User):
    for n in range(AT_ONE_ACCOUNT // 5):
        guess(5, address=f"10.0.1.{n}")
    assert not gets_in(address="10.0.2.1")


def test_who_tries_one_password_at_many_accounts_is_stopped_as_well(reader: User):
    for n in range(BY_ONE_ADDRESS):
        try_password("Spring2026", name=f"account-{n}")
    assert not gets_in()
    assert gets_in(address="10.0.0.2")


def test_nothing_tells_whether_an_account_exists(reader: User):
    for name in ("reader", "nobody-of-this-name"):
        answers = guess(FROM_ONE_ADDRESS + 1, name=name)
        assert answers == [200] * (FROM_ONE_ADDRESS - 1) + [429, 429]
    known, unknown = (
        try_password("guess", name=name, address="10.0.0.9").content.decode()
        for name in ("reader", "nobody-of-this-name")
    )
    assert "do not match" in known
    assert known.count("\n") == unknown.count("\n")


def test_a_password_typed_into_the_field_of_the_name_is_not_kept(reader: User):
    try_password("x", name="my secret password")
    kept = AccessAttempt.objects.get()
    assert kept.username.startswith("?")
    for value in vars(kept).values():
        assert "secret" not in str(value)
        assert "password" not in str(value)


def test_a_right_password_after_some_wrong_ones_begins_anew(reader: User):
    for _ in range(3):
        guess(FROM_ONE_ADDRESS - 1)
        assert gets_in()


def test_addresses_are_believed_of_our_own_proxies_alone(reader: User, settings):
    def from_behind(told: str, times: int = 1) -> int:
        client = Client(REMOTE_ADDR="10.9.9.9", headers={"X-Forwarded-For": told})
        given = {"username": "reader", "password": "guess"}
        for _ in range(times):
            status = client.post(reverse("login"), given).status_code
        return status

    # nobody may pretend to be another machine each time
    for n in range(FROM_ONE_ADDRESS):
        from_behind(f"10.1.1.{n}")
    assert from_behind("10.1.1.99") == 429
    settings.TRUSTED_PROXIES = 1
    assert from_behind("6.6.6.6, 10.2.2.2", times=FROM_ONE_ADDRESS) == 429
    assert from_behind("7.7.7.7, 10.2.2.2") == 429
    assert from_behind("10.2.2.2, 10.3.3.3") == 200
    # what is no address is counted as the proxy's own
    assert from_behind("10.2.2.2, unknown") == 429


def test_codes_cannot_be_guessed_either(reader: User):
    give_app(reader)
    client = Client(REMOTE_ADDR="10.0.0.1")
    given = {"username": "reader", "password": PASSWORD}
    assert client.post(reverse("login"), given)["Location"] == "/login/code/"
    wrong = str((int(code_now()) + 7) % 10**6).zfill(6)
    address = reverse("mfa_authenticate")
    answers = [client.post(address, {"code": wrong}).status_code for _ in range(15)]
    assert answers[:9] == [200] * 9
    assert set(answers[9:]) == {429}
    assert client.post(address, {"code": code_now()}).status_code == 429
    assert "_auth_user_id" not in client.session
    # nor does the right password open the account for another ten
    assert not gets_in()


def test_a_store_of_images_answers_guessing_in_words(reader: User):
    def store(password: str) -> tuple[int, str]:
        basic = base64.b64encode(f"reader:{password}".encode()).decode()
        answer = Client(REMOTE_ADDR="10.0.0.1").post(
            reverse("cases:instances-store"),
            b"x",
            content_type="multipart/form-data; boundary=x",
            headers={"Authorization": f"Basic {basic}"},
        )
        return answer.status_code, answer["Content-Type"]

    answers = [store(f"guess {n}")[0] for n in range(HUNDRED)]
    assert answers == [401] * (FROM_ONE_ADDRESS - 1) + [429] * (
        HUNDRED - FROM_ONE_ADDRESS + 1
    )
    assert store(PASSWORD) == (429, "text/plain; charset=utf-8")
    assert not gets_in()  # one count for all doors


def test_a_name_that_no_text_has_is_nobodys_and_no_guess_at_anybody(reader: User):
    basic = base64.b64encode(f"reader\0:{PASSWORD}".encode()).decode()
    answer = Client().post(
        reverse("cases:instances-store"),
        b"x",
        content_type="multipart/form-data; boundary=x",
        headers={"Authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 401
    assert not AccessAttempt.objects.exists()


def test_a_locked_page_says_when_to_come_again(reader: User):
    guess(FROM_ONE_ADDRESS)
    answer = try_password(PASSWORD)
    assert answer["Retry-After"] == "900"
    assert "wait 15 minutes" in answer.content.decode()


def test_a_login_leads_nowhere_but_here(reader: User):
    for bad in ("https://elsewhere.example/", "//elsewhere.example", "javascript:x"):
        assert try_password(PASSWORD, next=bad)["Location"] == "/"
    assert try_password(PASSWORD, next="/reading/")["Location"] == "/reading/"
