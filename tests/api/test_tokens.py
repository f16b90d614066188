"""A token lets a program act for one person, for some of what that person may."""

import hashlib
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.accounts.models import Token
from readerstudy.accounts.tokens import MAX_TOKENS, token_make, token_revoke
from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from tests.api.programs import Program, token_of
from tests.cast import PASSWORD, Cast

TOKENS = "/account/tokens/"
ME = "/api/v1/me/"
WANTED = {"name": "notebook", "days": 30, "scopes": ["studies:read", "reports:read"]}


def bearer(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


def as_page(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def made_by(client: Client, **changes: object) -> str:
    page = client.post(TOKENS, WANTED | changes)
    assert page.status_code == 200
    return page.context["secret"]


def test_a_coordinator_makes_a_token_and_a_program_uses_it(cast: Cast):
    secret = made_by(as_page(cast.coordinator))
    assert secret.startswith("rs_")
    told = bearer(secret).get(ME).json()
    assert told["username"] == "coordinator"
    assert told["token"]["scopes"] == WANTED["scopes"]


def test_the_secret_is_shown_once_and_kept_nowhere(cast: Cast, tmp_path):
    page = as_page(cast.coordinator)
    secret = made_by(page)
    assert secret not in page.get(TOKENS).content.decode()
    call_command("dumpdata", output=str(tmp_path / "all.json"), verbosity=0)
    kept = (tmp_path / "all.json").read_text()
    assert secret not in kept and secret.removeprefix("rs_") not in kept
    assert hashlib.sha256(secret.encode()).hexdigest() in kept


def test_whoever_finds_a_browser_open_makes_no_token(cast: Cast, settings):
    client = as_page(cast.coordinator)
    session = client.session
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT - 1}
        for record in session["account_authentication_methods"]
    ]
    session.save()
    assert client.get(TOKENS).status_code == 200
    answer = client.post(TOKENS, WANTED)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not Token.objects.exists()
    shown = client.post(answer["Location"], {"password": PASSWORD, "next": TOKENS})
    assert shown.context["secret"].startswith("rs_")  # the form went on from there
    assert Token.objects.count() == 1


def test_the_page_with_the_secret_is_not_cached(cast: Cast):
    page = as_page(cast.coordinator).post(TOKENS, WANTED)
    assert "no-store" in page["Cache-Control"]


def test_making_and_revoking_are_in_the_log_without_the_secret(cast: Cast):
    page = as_page(cast.coordinator)
    secret = made_by(page)
    token = Token.objects.get()
    page.post(reverse("accounts:token-revoke", args=[token.pk]))
    events = AuditEvent.objects.filter(subject_type="token").order_by("sequence")
    assert [event.action for event in events] == ["token.create", "token.revoke"]
    assert events[0].after == {"scopes": WANTED["scopes"], "days": 30}
    assert all(secret not in str(vars(event)) for event in events)


def test_a_revoked_token_opens_nothing_from_then_on(cast: Cast):
    secret = token_of(cast.coordinator)
    assert bearer(secret).get(ME).status_code == 200
    token_revoke(token=Token.objects.get(), by=cast.coordinator)
    assert bearer(secret).get(ME).status_code == 401


def test_revoking_twice_is_one_event(cast: Cast):
    token_of(cast.coordinator)
    for _ in range(2):
        token_revoke(token=Token.objects.get(), by=cast.coordinator)
    assert AuditEvent.objects.filter(action="token.revoke").count() == 1


def test_a_token_ends_when_its_days_are_over(cast: Cast):
    secret = token_of(cast.coordinator)
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert bearer(secret).get(ME).status_code == 401


def test_a_token_of_somebody_who_may_not_come_in_any_more_opens_nothing(cast: Cast):
    secret = token_of(cast.coordinator)
    cast.coordinator.is_active = False
    cast.coordinator.save()
    assert bearer(secret).get(ME).status_code == 401


def test_a_token_gives_what_its_owner_may_now_and_no_more(cast: Cast):
    program = Program(cast.statistician)
    path = f"studies/{cast.study.slug}/progress/"
    assert program.get(path).status_code == 200
    cast.study.memberships.filter(user=cast.statistician).delete()
    assert program.get(path).status_code == 404


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer rs_none", "Bearer \xe9", "bearer a b", "Basic cnM6"],
)
def test_nonsense_in_place_of_a_token_is_refused(cast: Cast, header: str):
    client = Client(headers={"Authorization": header})
    assert client.get(ME).status_code == 401


def test_a_wrong_token_is_not_overlooked_because_of_a_session(cast: Cast):
    client = as_page(cast.coordinator)
    assert client.get(ME).status_code == 200
    headers = {"Authorization": "Bearer rs_none"}
    assert client.get(ME, headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["/studies/", "/cohorts/", TOKENS])
def test_a_token_opens_no_page(cast: Cast, path: str):
    page = bearer(token_of(cast.coordinator)).get(path)
    assert page.status_code == 302 and "login" in page["Location"]


def test_a_session_needs_its_csrf_token_to_write(cast: Cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.coordinator)
    path = f"/api/v1/studies/{cast.study.slug}/close/"
    response = client.post(path, {}, content_type="application/json")
    assert response.status_code == 403
    cast.study.refresh_from_db()
    assert cast.study.state == "open"


def test_when_a_token_was_last_used_is_noted_once_a_minute(cast: Cast):
    program = bearer(token_of(cast.coordinator))
    assert Token.objects.get().last_used_at is None
    program.get(ME)
    first = Token.objects.get().last_used_at
    program.get(ME)
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=first - timedelta(minutes=2))
    program.get(ME)
    assert Token.objects.get().last_used_at >= first


def test_nobody_sees_or_revokes_the_tokens_of_others(cast: Cast):
    token_of(cast.coordinator)
    token = Token.objects.get()
    other = as_page(cast.administrator)
    assert list(other.get(TOKENS).context["tokens"]) == []
    path = reverse("accounts:token-revoke", args=[token.pk])
    assert other.post(path).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"days": 0}, "days"),
        ({"days": 100_000}, "days"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["scores:read"]}, "scopes"),
    ],
)
def test_what_cannot_be_a_token_is_told_at_its_field(cast: Cast, changes, field):
    page = as_page(cast.coordinator).post(TOKENS, WANTED | changes)
    assert list(page.context["form"].errors) == [field]
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"name": " "}, {"name": "\0"}, {"days": 367}, {"scopes": ["all"]}]
)
def test_a_command_cannot_make_what_the_page_refuses(cast: Cast, changes):
    with pytest.raises(Refused):
        token_make(user=cast.coordinator, **(WANTED | changes))


def test_somebody_with_very_many_tokens_revokes_one_first(cast: Cast):
    for _ in range(MAX_TOKENS):
        token_of(cast.coordinator, "studies:read")
    page = as_page(cast.coordinator).post(TOKENS, WANTED)
    assert page.context["form"].non_field_errors()
    token_revoke(token=Token.objects.first(), by=cast.coordinator)
    assert made_by(as_page(cast.coordinator))
