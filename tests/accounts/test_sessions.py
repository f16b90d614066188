"""Sessions end: by silence, after half a day, when the password changes, by an act."""

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import AuditEvent
from readerstudy.config.settings import access
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db
NEW = "a longer battery staple"


@pytest.fixture
def reader() -> User:
    return make_user("reader")


def logged_in(user: User) -> Client:
    client = Client()
    client.post(reverse("login"), {"username": user.username, "password": PASSWORD})
    return client


def is_in(client: Client, **headers: str) -> bool:
    answer = client.get(reverse("reading:reader-home"), headers=headers)
    return answer.status_code == 200


def let_pass(client: Client, *, seen: int = 0, begun: int = 0) -> None:
    session = client.session
    session["seen"] -= seen
    session["begun"] -= begun
    session.save()


def test_nobody_is_in_where_nobody_did_anything_for_two_hours(reader: User, settings):
    client = logged_in(reader)
    let_pass(client, seen=settings.SESSION_IDLE_SECONDS - 60)
    assert is_in(client)  # and begins to count anew
    let_pass(client, seen=settings.SESSION_IDLE_SECONDS - 60)
    assert is_in(client)
    let_pass(client, seen=settings.SESSION_IDLE_SECONDS)
    assert not is_in(client)
    assert AuditEvent.objects.filter(action="account.logout").exists()


def test_what_a_page_asks_by_itself_keeps_nobody_in(reader: User, settings):
    client = logged_in(reader)
    for _ in range(2):
        let_pass(client, seen=settings.SESSION_IDLE_SECONDS // 2)
        is_in(client, hx_request="true")
    assert not is_in(client)


@pytest.mark.parametrize(
    ("posted_from", "goes_on"),
    [
        ("http://testserver/read/some/?page=2", "/read/some/?page=2"),
        ("http://testserver//elsewhere.example/", "/"),
        ("http://elsewhere.example/read/some/", "/"),
        ("http://[", "/"),
        (None, "/"),
    ],
)
def test_who_posts_too_late_goes_on_with_the_page_that_posted(
    reader: User, posted_from: str | None, goes_on: str
):
    headers = {"Referer": posted_from} if posted_from else {}
    client = Client()
    sent = client.post(reverse("reading:preferences"), headers=headers)
    assert sent.status_code == 302
    entry = {"username": reader.username, "password": PASSWORD}
    form = client.get(sent["Location"])
    if found := form.context["redirect_field_value"]:
        entry["next"] = found
    assert client.post(sent["Location"], entry)["Location"] == goes_on


def test_half_a_day_is_the_longest(reader: User, settings):
    client = logged_in(reader)
    let_pass(client, begun=settings.SESSION_COOKIE_AGE)
    assert not is_in(client)


def test_being_there_is_written_down_now_and_then_only(
    reader: User, django_assert_num_queries
):
    client = logged_in(reader)
    is_in(client)
    before = client.session["seen"]
    let_pass(client, seen=60)
    is_in(client)
    assert client.session["seen"] == before - 60


def test_a_login_gives_a_new_session_and_a_cookie_that_scripts_cannot_read(
    reader: User,
):
    client = Client()
    client.get(reverse("login"))
    given = {"username": "reader", "password": PASSWORD}
    client.cookies["sessionid"] = "given by somebody else"
    cookie = client.post(reverse("login"), given).cookies["sessionid"]
    assert cookie.value != "given by somebody else"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"]  # it ends with the browser


def test_a_new_password_ends_all_other_sessions(reader: User):
    here, elsewhere = logged_in(reader), logged_in(reader)
    given = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    answer = here.post(reverse("account_change_password"), given)
    assert answer["Location"] == reverse("mfa_index")
    assert is_in(here)
    assert not is_in(elsewhere)
    event = AuditEvent.objects.get(action="account.password")
    assert (event.actor_name, event.subject_key) == ("reader", "reader")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"oldpassword": "wrong"}, "This is not your password."),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "password123"}, "too common"),
        ({"password2": "another"}, "the same password"),
    ],
)
def test_a_poor_new_password_is_refused_with_the_reason(
    given: dict[str, str], said: str, reader: User
):
    client = logged_in(reader)
    filled = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW, **given}
    page = client.post(reverse("account_change_password"), filled).content.decode()
    assert said in page
    reader.refresh_from_db()
    assert reader.check_password(PASSWORD)


def test_an_inactive_account_is_out_at_once_and_stays_out(reader: User):
    client = logged_in(reader)
    reader.is_active = False
    reader.save()
    assert not is_in(client)
    assert not is_in(logged_in(reader))


def test_there_is_nowhere_to_sign_up_and_no_mail_to_ask_for(reader: User):
    for path in ("signup/", "password/reset/", "email/", "confirm-email/"):
        for root in ("/", "/account/", "/accounts/", "/login/"):
            assert Client().get(root + path, follow=False).status_code in (302, 404)
            client = logged_in(reader)
            assert client.get(root + path).status_code == 404


def test_who_signs_on_elsewhere_has_no_password_here_to_change(reader: User):
    client = Client()
    reader.set_unusable_password()
    reader.save()
    client.force_login(reader)
    assert client.get(reverse("account_change_password")).status_code == 404
    assert "single sign-on" in client.get(reverse("mfa_index")).content.decode()


def test_passwords_are_kept_as_argon2(settings):
    settings.PASSWORD_HASHERS = access.PASSWORD_HASHERS
    assert identify_hasher(make_password(PASSWORD)).algorithm == "argon2"
