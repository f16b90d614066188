"""Administrators keep accounts, and learn nothing of a study on their pages."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from readerstudy.accounts.admin import site
from readerstudy.accounts.guessing import FROM_ONE_ADDRESS
from readerstudy.accounts.models import Token
from readerstudy.accounts.tokens import token_find, token_make
from readerstudy.audit.models import AuditEvent
from readerstudy.reading.models import Membership
from tests.cast import PASSWORD, Cast
from tests.watching import forbidden_in

from .protecting import protect

STRONG = "a staple and a battery"


@pytest.fixture
def boss(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.administrator)
    return client


def test_only_accounts_groups_and_tokens_are_there():
    assert set(site._registry) == {User, Group, Token}


def test_no_model_of_a_study_has_a_page_of_administration(boss: Client):
    for label in ("reading", "cases", "inference", "stats", "audit"):
        for model in apps.get_app_config(label).get_models():
            name = model._meta.model_name
            with pytest.raises(NoReverseMatch):
                reverse(f"admin:{label}_{name}_changelist")
            assert boss.get(f"/admin/{label}/{name}/").status_code == 404


def test_no_page_of_administration_tells_of_an_open_study(cast: Cast, boss: Client):
    secrets = {
        text
        for text, _ in forbidden_in([cast.study], cast.administrator).items()
        if not text.isdecimal() and not User.objects.filter(username=text).exists()
    }
    assert len(secrets) > 5
    for route, args in (
        ("index", []),
        ("auth_user_changelist", []),
        ("auth_user_change", [cast.reader.pk]),
        ("auth_user_history", [cast.reader.pk]),
        ("auth_group_changelist", []),
        ("accounts_token_changelist", []),
    ):
        page = boss.get(reverse(f"admin:{route}", args=args)).content.decode()
        assert not {one for one in secrets if f">{one}<" in page or f'"{one}"' in page}


def test_an_administrator_reads_no_study_and_its_scores_by_no_address(
    cast: Cast, boss: Client
):
    slug = cast.study.slug
    for path in ("", "conduct/", "log/", "report/", "export/", "progress/"):
        assert boss.get(f"/studies/{slug}/{path}").status_code == 404, path


def test_an_administrator_gives_nobody_a_role_in_a_study(cast: Cast, boss: Client):
    before = set(Membership.objects.values_list("study", "user", "role"))
    address = reverse("admin:auth_user_change", args=[cast.administrator.pk])
    page = boss.get(address).content.decode()
    assert "membership" not in page.lower()
    given = {
        "username": "administrator",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "groups": [Group.objects.get(name="coordinators").pk],
        "memberships-0-role": "coordinator",
    }
    assert boss.post(address, given).status_code == 302
    assert set(Membership.objects.values_list("study", "user", "role")) == before
    assert boss.get(f"/studies/{cast.study.slug}/").status_code == 404


def test_a_new_account_names_who_made_it_and_keeps_no_password_in_the_log(
    cast: Cast, boss: Client
):
    given = {
        "username": "newcomer",
        "usable_password": "true",
        "password1": STRONG,
        "password2": STRONG,
    }
    answer = boss.post(reverse("admin:auth_user_add"), given)
    assert answer.status_code == 302, answer.content.decode()
    event = AuditEvent.objects.get(action="account.create", subject_key="newcomer")
    assert event.actor_name == "administrator"
    done = AuditEvent.objects.get(action="account.administer")
    assert (done.actor_name, done.subject_key) == ("administrator", "newcomer")
    for one in AuditEvent.objects.all():
        assert STRONG not in str(vars(one))
    assert Client().login(username="newcomer", password=STRONG)


def test_a_password_set_by_an_administrator_is_recorded_as_theirs(
    cast: Cast, boss: Client
):
    address = reverse("admin:auth_user_password_change", args=[cast.reader.pk])
    given = {"usable_password": "true", "password1": STRONG, "password2": STRONG}
    assert boss.post(address, given).status_code == 302
    event = AuditEvent.objects.get(action="account.password")
    assert (event.actor_name, event.subject_key) == ("administrator", "reader")


def test_whoever_finds_an_administrators_browser_open_changes_no_account(
    cast: Cast, boss: Client, settings
):
    address = reverse("admin:auth_user_password_change", args=[cast.reader.pk])
    assert boss.get(address).status_code == 200
    session = boss.session
    for record in session["account_authentication_methods"]:
        record["at"] -= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1
    session.save()
    accounts = reverse("admin:auth_user_changelist")
    assert boss.get(accounts).status_code == 200
    again = reverse("account_reauthenticate")
    given = {"password1": STRONG, "password2": STRONG}
    assert boss.get(address)["Location"] == f"{again}?next={address}"
    assert boss.post(address, given)["Location"].startswith(again)
    assert STRONG not in str(dict(boss.session.items()))
    wanted = {"action": "forget_factors", "_selected_action": [cast.reader.pk]}
    assert boss.post(accounts, wanted)["Location"].startswith(again)
    cast.reader.refresh_from_db()
    assert not cast.reader.check_password(STRONG)
    shown = boss.post(again, {"password": PASSWORD, "next": address})
    assert shown["Location"] == address
    boss.post(address, given)
    cast.reader.refresh_from_db()
    assert cast.reader.check_password(STRONG)


def test_accounts_are_closed_and_never_deleted(cast: Cast, boss: Client):
    address = reverse("admin:auth_user_delete", args=[cast.stranger.pk])
    assert boss.post(address, {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=cast.stranger.pk).exists()


def act(boss: Client, name: str, user: User) -> None:
    chosen = {"_selected_action": [user.pk], "action": name}
    answer = boss.post(reverse("admin:auth_user_changelist"), chosen, follow=True)
    assert "Done for 1 account." in answer.content.decode()


def test_an_administrator_helps_who_is_locked_out(cast: Cast, boss: Client):
    given = {"username": "reader", "password": PASSWORD}
    for _ in range(FROM_ONE_ADDRESS):
        Client().post(reverse("login"), {**given, "password": "guess"})
    assert Client().post(reverse("login"), given).status_code == 429
    act(boss, "let_try_again", cast.reader)
    assert Client().post(reverse("login"), given).status_code == 302
    event = AuditEvent.objects.get(action="account.unlock")
    assert (event.actor_name, event.subject_key) == ("administrator", "reader")


def test_an_administrator_helps_who_has_lost_the_telephone(cast: Cast, boss: Client):
    protect(cast.reader)
    act(boss, "forget_factors", cast.reader)
    given = {"username": "reader", "password": PASSWORD}
    assert Client().post(reverse("login"), given)["Location"] == "/"


def test_an_administrator_revokes_a_token_and_can_make_none(cast: Cast, boss: Client):
    token, secret = token_make(
        user=cast.coordinator, name="nightly", scopes=["studies:read"], days=30
    )
    listed = reverse("admin:accounts_token_changelist")
    page = boss.get(listed).content.decode()
    assert "nightly" in page
    assert secret not in page
    assert token.digest not in page
    boss.post(listed, {"_selected_action": [token.pk], "action": "revoke"})
    assert token_find(secret) is None
    assert boss.get("/admin/accounts/token/add/").status_code == 404


def test_the_command_line_helps_where_nobody_can_log_in(cast: Cast, capsys):
    call_command("account", "create", "second-boss", "--role=administrator")
    name, password = "second-boss", capsys.readouterr().out.split()[-1]
    assert Client().login(username=name, password=password)
    assert User.objects.get(username=name).is_superuser
    call_command("account", "password", "reader")
    password = capsys.readouterr().out.split()[-1]
    assert Client().login(username="reader", password=password)
    call_command("account", "deactivate", "reader")
    assert not Client().login(username="reader", password=password)
    call_command("account", "create", "planner", "--role=coordinator")
    assert User.objects.get(username="planner").has_perm("cases.add_cohort")
    for act_, name in (("password", "nobody"), ("create", "planner"), ("create", "")):
        with pytest.raises(CommandError):
            call_command("account", act_, name)
