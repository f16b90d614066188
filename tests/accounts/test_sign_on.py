"""Single sign-on: the hospital's provider says who somebody is, and no more."""

from collections.abc import Iterator
from io import StringIO
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import AuditEvent
from readerstudy.config.sign_on import roles_named, sign_on_of
from tests.cast import make_user

from .protecting import code_now, give_app
from .provider import CLIENT, SECRET, Provider, asked_of, provider

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def serving() -> Iterator[Provider]:
    with provider() as server:
        yield server


@pytest.fixture
def hospital(serving: Provider, settings) -> Provider:
    serving.claims = {"sub": "17", "preferred_username": "reader"}
    serving.is_broken = serving.cancels = False
    found = sign_on_of(
        {
            "OIDC_NAME": "St. Elsewhere",
            "OIDC_ISSUER": serving.issuer,
            "OIDC_CLIENT_ID": CLIENT,
            "OIDC_CLIENT_SECRET": SECRET,
        }
    )
    settings.SIGN_ON = found
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": found["apps"]}}
    return serving


@pytest.fixture
def reader() -> User:
    return make_user("reader")


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


def sent_on(address: str) -> str:
    """Where the provider sends a browser that comes with `address`."""
    try:
        build_opener(_Stay).open(address)
    except HTTPError as answer:
        return str(answer.headers["Location"])
    raise AssertionError("the provider shows a page")


def sign_on(client: Client, query: str = ""):
    """The answer to the last step of the way there and back."""
    begun = client.get(f"/login/sso/start/{query}")
    assert begun.status_code == 302, begun.content.decode()
    back = sent_on(begun["Location"])
    return client.get(back.removeprefix("http://testserver"))


def is_in(client: Client) -> bool:
    return client.get(reverse("reading:reader-home")).status_code == 200


def test_the_page_of_the_login_offers_the_hospitals_own(hospital: Provider):
    page = Client().get(reverse("login"), {"next": "/account/"}).content.decode()
    assert "Log in by St. Elsewhere" in page
    assert "/login/sso/start/?process=login&amp;next=%2Faccount%2F" in page


def test_without_a_provider_there_is_none(db):
    assert "Log in by" not in Client().get(reverse("login")).content.decode()
    assert Client().get("/login/sso/start/").status_code == 404
    assert Client().get("/login/sso/callback/").status_code == 404


def test_who_has_an_account_comes_in_under_it(hospital: Provider, reader: User):
    client = Client()
    answer = sign_on(client, "?process=login&next=/account/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert is_in(client)
    event = AuditEvent.objects.get(action="account.sign_on")
    assert (event.actor_name, event.after) == ("reader", {"provider": "sso"})
    assert sign_on(Client())["Location"] == "/"
    assert AuditEvent.objects.filter(action="account.sign_on").count() == 1


def test_of_what_the_provider_tells_nothing_else_is_kept(
    hospital: Provider, reader: User
):
    hospital.claims |= {"email": "r@example.org", "birthdate": "1970-01-01"}
    for _ in range(2):
        sign_on(Client())
        assert SocialAccount.objects.get().extra_data == {}
    assert not EmailAddress.objects.exists()
    assert not SocialToken.objects.exists()


def test_who_has_none_is_told_so_and_gets_none(hospital: Provider, reader: User):
    hospital.claims["preferred_username"] = "newcomer"
    client = Client()
    answer = sign_on(client)
    assert answer.status_code == 403
    assert "There is no account for you here" in answer.content.decode()
    assert not is_in(client)
    assert User.objects.count() == 1


def test_the_tie_counts_and_not_a_name_that_is_given_to_somebody_else(
    hospital: Provider, reader: User
):
    colleague = make_user("colleague")
    sign_on(Client())
    hospital.claims["preferred_username"] = "colleague"  # of the same person
    client = Client()
    sign_on(client)
    assert client.session["_auth_user_id"] == str(reader.pk)
    assert not SocialAccount.objects.filter(user=colleague).exists()


def test_who_is_given_the_name_of_a_tied_account_does_not_come_in_as_it(
    hospital: Provider, reader: User
):
    sign_on(Client())
    hospital.claims["sub"] = "18"  # the name is another person's now
    client = Client()
    assert sign_on(client).status_code == 403
    assert not is_in(client)
    assert SocialAccount.objects.get().uid == "17"
    call_command("account", "forget-sign-on", "reader", stdout=StringIO())
    event = AuditEvent.objects.latest("sequence")
    assert (event.action, event.after) == ("account.factor_remove", {"kind": "sign_on"})
    sign_on(client)
    assert is_in(client)


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_no_name_alone_makes_an_administrator(
    right: str, hospital: Provider, reader: User
):
    setattr(reader, right, True)
    reader.save()
    client = Client()
    assert sign_on(client).status_code == 403
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


def test_an_inactive_account_stays_closed(hospital: Provider, reader: User):
    sign_on(Client())
    reader.is_active = False
    reader.save()
    client = Client()
    assert sign_on(client)["Location"] == reverse("account_inactive")
    assert not is_in(client)


def test_a_second_factor_of_ours_is_asked_for_all_the_same(
    hospital: Provider, reader: User
):
    give_app(reader)
    client = Client()
    assert sign_on(client)["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_now()})
    assert is_in(client)


@pytest.mark.parametrize(("asks", "expected"), [(True, True), (False, False)])
def test_a_role_that_needs_one_is_content_with_the_providers_if_we_are(
    asks: bool, expected: bool, hospital: Provider, settings
):
    make_user("reader", coordinator=True)
    settings.SECOND_FACTOR_ROLES = frozenset({"coordinator"})
    settings.SIGN_ON = {**settings.SIGN_ON, "has_second_factor": asks}
    client = Client()
    sign_on(client)
    assert is_in(client) == expected


def test_nobody_ties_another_identity_to_an_account_they_are_in(
    hospital: Provider, reader: User
):
    colleague = make_user("colleague")
    client = Client()
    client.force_login(colleague)
    assert sign_on(client, "?process=connect").status_code == 403
    assert not SocialAccount.objects.exists()


def test_a_made_up_answer_is_refused(hospital: Provider, reader: User):
    client = Client()
    for query in ("", "?code=x", "?code=x&state=y", "?error=x&state=y"):
        answer = client.get(f"/login/sso/callback/{query}")
        assert answer.status_code == 401, query
    state = asked_of(client.get("/login/sso/start/")["Location"])["state"]
    for who in (client, Client()):  # nor with another's state
        answer = who.get("/login/sso/callback/", {"code": "x", "state": state})
        assert answer.status_code == 401
        assert "did not work" in answer.content.decode()
        assert not is_in(who)


def test_who_cancels_may_try_again(hospital: Provider):
    hospital.cancels = True
    answer = sign_on(Client())
    assert answer["Location"] == reverse("socialaccount_login_cancelled")


def test_a_provider_that_does_not_answer_breaks_no_page(hospital: Provider):
    client = Client()
    state = asked_of(client.get("/login/sso/start/")["Location"])["state"]
    hospital.is_broken = True
    answer = client.get("/login/sso/callback/", {"code": "x", "state": state})
    assert answer.status_code in (401, 502)
    answer = Client().get("/login/sso/start/")
    assert answer.status_code == 502
    assert "did not work" in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"OIDC_ISSUER": "https://x"}, "OIDC_CLIENT_ID, OIDC_CLIENT_SECRET"),
        (
            {"OIDC_ISSUER": "x", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "x"},
            "OIDC_ISSUER does not begin with",
        ),
        ({"OIDC_CLIENT_SECRET_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_half_a_configuration_is_refused(given: dict[str, str], said: str):
    with pytest.raises(ImproperlyConfigured, match=said):
        sign_on_of(given)


def test_a_role_nobody_knows_is_refused():
    assert roles_named("reader, coordinator") == {"reader", "coordinator"}
    with pytest.raises(ImproperlyConfigured, match="doctor is not among"):
        roles_named("doctor,reader")
