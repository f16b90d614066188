"""The second factor: set up, asked for, lost, demanded of roles."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings as site
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from readerstudy.accounts.factors import factors_forget
from readerstudy.accounts.passwords import user_of_password
from readerstudy.accounts.tokens import token_make
from readerstudy.audit.models import AuditEvent
from tests.cast import PASSWORD, Cast, make_user

from .protecting import SECRET, code_now, give_app, give_passkey, passkey_used

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> User:
    return make_user("reader")


def log_in(user: User, password: str = PASSWORD) -> tuple[Client, str]:
    client = Client()
    given = {"username": user.username, "password": password}
    return client, client.post(reverse("login"), given).get("Location", "")


def is_in(client: Client) -> bool:
    return client.get(reverse("reading:reader-home")).status_code == 200


def test_with_an_app_the_password_is_half_of_a_login(reader: User):
    give_app(reader)
    client, to = log_in(reader)
    assert to == reverse("mfa_authenticate")
    assert not is_in(client)
    answer = client.post(to, {"code": code_now()})
    assert answer["Location"] == "/"
    assert is_in(client)


def test_a_code_opens_once(reader: User):
    give_app(reader)
    code = code_now()
    for expected in (302, 200):
        client, to = log_in(reader)
        assert client.post(to, {"code": code}).status_code == expected


def test_who_asked_for_a_page_gets_there_after_both_factors(reader: User):
    give_app(reader)
    client = Client()
    given = {"username": "reader", "password": PASSWORD, "next": "/account/"}
    to = client.post(reverse("login"), given)["Location"]
    assert client.post(to, {"code": code_now()})["Location"] == "/account/"


def test_a_recovery_code_opens_once_when_the_telephone_is_lost(reader: User):
    give_app(reader)
    code = RecoveryCodes.activate(reader).get_unused_codes()[0]
    for expected in (302, 200):
        client, to = log_in(reader)
        assert client.post(to, {"code": code}).status_code == expected


def test_setting_up_an_app_gives_recovery_codes_which_are_shown_once(
    reader: User, django_capture_on_commit_callbacks
):
    client, _ = log_in(reader)
    asked = client.get(reverse("mfa_activate_totp"))
    secret = asked.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    shown = client.get(answer["Location"]).content.decode()
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert all(code in shown for code in codes)
    again = client.get(answer["Location"]).content.decode()
    assert not any(code in again for code in codes)
    kinds = AuditEvent.objects.filter(action="account.factor_add")
    assert sorted(e.after["kind"] for e in kinds) == ["recovery_codes", "totp"]


def test_secrets_lie_sealed_in_the_database(reader: User):
    give_app(reader)
    RecoveryCodes.activate(reader)
    for kept in Authenticator.objects.all():
        assert SECRET not in str(kept.data)
    app = Authenticator.objects.get(type="totp")
    assert app.data["secret"].startswith("gAAAA")


def test_what_protects_an_account_is_changed_by_who_has_just_shown_who_they_are(
    reader: User,
):
    client, _ = log_in(reader)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= site.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1
    session["account_authentication_methods"] = list(
        session["account_authentication_methods"]
    )
    session.save()
    wanted = reverse("mfa_activate_totp")
    answer = client.get(wanted)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    wrong = client.post(answer["Location"], {"password": "wrong", "next": wanted})
    assert "This is not your password." in wrong.content.decode()
    right = client.post(answer["Location"], {"password": PASSWORD, "next": wanted})
    assert right["Location"] == wanted
    assert client.get(wanted).status_code == 200


def test_nobody_touches_another_persons_passkeys(reader: User):
    passkey = give_passkey(make_user("colleague"))
    client, _ = log_in(reader)
    for route in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        address = reverse(route, args=[passkey.pk])
        assert client.get(address).status_code == 404
        assert client.post(address, {"name": "mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=passkey.pk).exists()


def test_a_password_alone_opens_no_program_where_there_is_a_second_factor(
    reader: User, rf
):
    def opens() -> bool:
        request = rf.post("/")
        found = user_of_password(request, name="reader", password=PASSWORD)
        return found == reader

    assert opens()
    give_app(reader)
    assert not opens()


@pytest.mark.parametrize(
    ("role", "person"),
    [
        ("administrator", "administrator"),
        ("coordinator", "coordinator"),
        ("statistician", "statistician"),
        ("reader", "reader"),
    ],
)
def test_roles_that_need_a_second_factor_get_nowhere_without(
    role: str, person: str, cast: Cast, settings, django_capture_on_commit_callbacks
):
    settings.SECOND_FACTOR_ROLES = frozenset({role})
    user = getattr(cast, person)
    client, _ = log_in(user)
    home = reverse("reading:reader-home")
    assert client.get(home)["Location"] == reverse("mfa_index")
    assert client.post(reverse("reading:preferences")).status_code == 403
    refused = client.get("/api/v1/studies/")
    assert (refused.status_code, refused["Content-Type"]) == (
        403,
        "application/problem+json",
    )
    page = client.get(reverse("mfa_index"))
    assert "Your role needs a second factor." in page.content.decode()
    asked = client.get(reverse("mfa_activate_totp"))
    with django_capture_on_commit_callbacks(execute=True):
        code = code_now(asked.context["form"].secret)
        client.post(reverse("mfa_activate_totp"), {"code": code})
    assert client.get(home).status_code == 200
    # and once it is taken away again, the doors close again
    client.post(reverse("mfa_deactivate_totp"))
    assert client.get(home)["Location"] == reverse("mfa_index")


def test_nor_do_their_tokens_open_anything(cast: Cast, settings):
    _, secret = token_make(
        user=cast.coordinator, name="x", scopes=["studies:read"], days=1
    )
    bearer = {"Authorization": f"Bearer {secret}"}

    def status() -> int:
        return Client(headers=bearer).get("/api/v1/studies/").status_code

    assert status() == 200
    settings.SECOND_FACTOR_ROLES = frozenset({"coordinator"})
    assert status() == 401
    # the provider asks for one: of who comes in by it alone
    settings.SIGN_ON = {**settings.SIGN_ON, "has_second_factor": True}
    assert status() == 401
    tie = SocialAccount.objects.create(user=cast.coordinator, provider="sso", uid="1")
    assert status() == 200
    tie.delete()
    give_app(cast.coordinator)
    assert status() == 200


def test_a_stolen_key_opens_nothing_without_its_pin(reader: User):
    """Nor where the thief has an account of their own and got half way into it."""
    key = ec.generate_private_key(ec.SECP256R1())
    give_passkey(reader, key=key)
    thief = make_user("thief")
    give_passkey(thief)
    for asked_for_pin in (False, True):
        client = Client(SERVER_NAME="localhost")
        given = {"username": "thief", "password": PASSWORD}
        client.get(client.post(reverse("login"), given)["Location"])
        used = passkey_used(
            reader,
            key,
            client.session["mfa.webauthn.state"]["challenge"],
            asked_for_pin=asked_for_pin,
        )
        session = client.session  # a login that is not gone on with ends by itself
        del session["account_login"]
        session.save()
        client.post(reverse("mfa_login_webauthn"), {"credential": used})
        assert is_in(client) == asked_for_pin


def test_others_are_not_asked_for_what_a_role_needs(cast: Cast, settings):
    settings.SECOND_FACTOR_ROLES = frozenset({"administrator", "statistician"})
    for user in (cast.reader, cast.coordinator, cast.stranger):
        assert is_in(log_in(user)[0])


def test_an_administrator_lets_in_who_has_lost_everything(reader: User):
    give_app(reader)
    give_passkey(reader)
    boss = make_user("boss")
    assert factors_forget(user=reader, by=boss) == 2
    assert is_in(log_in(reader)[0])
    event = AuditEvent.objects.filter(action="account.factor_remove").latest("sequence")
    assert (event.actor_name, event.subject_key) == ("boss", "reader")


@pytest.mark.parametrize(
    "credential",
    [
        *("", "x", "[]", "{}", '"text"', "null", '{"response": 1}'),
        '{"id": "x", "rawId": "x", "type": "public-key", "response": {}}',
        '{"id": "AA", "rawId": "AA", "type": "public-key", "response": "text"}',
        '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"AA",'
        '"authenticatorData":"AA","signature":"AA","userHandle":"AA"}}',
    ],
)
def test_what_is_no_passkey_is_refused_and_breaks_nothing(
    credential: str, reader: User
):
    client = Client()
    client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
    answer = client.post(reverse("mfa_login_webauthn"), {"credential": credential})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("login")
    inside, _ = log_in(reader)
    inside.get(reverse("mfa_add_webauthn"))
    answer = inside.post(reverse("mfa_add_webauthn"), {"credential": credential})
    assert answer.status_code == 200
