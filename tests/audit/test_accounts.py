"""What becomes of accounts and their passwords is in the log; no password is."""

import pytest
from django.contrib.auth.forms import AdminPasswordChangeForm, SetPasswordForm
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.contrib.auth.management.commands import changepassword
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management import call_command
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import AuditEvent
from tests.cast import PASSWORD, Cast, make_user

NEW = "another horse entirely"
STRONG = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
WEAK = "django.contrib.auth.hashers.MD5PasswordHasher"


@pytest.fixture
def somebody(db: None) -> User:
    return make_user("somebody")


def events(action: str = "account.password") -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action))


def type_on_the_command_line(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changepassword.getpass, "getpass", lambda prompt: NEW)
    call_command("changepassword", user.username)


def fill_in_the_administrators_form(user: User, monkeypatch: object) -> None:
    form = AdminPasswordChangeForm(
        user, {"password1": NEW, "password2": NEW, "usable_password": "true"}
    )
    assert form.is_valid()
    form.save()


def follow_the_reset_link(user: User, monkeypatch: object) -> None:
    form = SetPasswordForm(user, {"new_password1": NEW, "new_password2": NEW})
    assert form.is_valid()
    form.save()


def set_in_a_program(user: User, monkeypatch: object) -> None:
    user.set_password(NEW)
    user.save(update_fields=["password"])


def write_a_hash(user: User, monkeypatch: object) -> None:
    user.password = make_password(NEW)
    user.save()


WAYS = [
    type_on_the_command_line,
    fill_in_the_administrators_form,
    follow_the_reset_link,
    set_in_a_program,
    write_a_hash,
]


@pytest.mark.parametrize("change", WAYS)
@pytest.mark.parametrize("old_hash", ["md5", "pbkdf2_sha256"])
def test_a_changed_password_is_recorded_wherever_it_is_changed(
    settings, monkeypatch, somebody, change, old_hash
):
    settings.PASSWORD_HASHERS = [STRONG, WEAK]
    old = somebody.password = make_password(PASSWORD, hasher=old_hash)
    User.objects.filter(pk=somebody.pk).update(password=old)
    change(somebody, monkeypatch)
    (event,) = events()
    assert (event.subject_type, event.subject_key) == ("account", "somebody")
    assert event.before == event.after == {"usable": True}
    assert Client().login(username="somebody", password=NEW)
    said = serializers.serialize("json", AuditEvent.objects.all())
    for secret in (PASSWORD, NEW, old, User.objects.get(pk=somebody.pk).password):
        assert secret not in said
    call_command("verify_audit")


def test_a_password_taken_away_is_told_from_one_that_was_set(settings, somebody):
    settings.PASSWORD_HASHERS = [STRONG, WEAK]  # its old hash is due to be renewed
    somebody.set_unusable_password()
    somebody.save(update_fields=["password"])
    somebody.set_password(NEW)
    somebody.save()
    said = [(event.before["usable"], event.after["usable"]) for event in events()]
    assert said == [(True, False), (False, True)]


def test_a_stronger_hash_of_the_same_password_is_no_change_by_anybody(
    settings, somebody
):
    old = somebody.password
    settings.PASSWORD_HASHERS = [STRONG, WEAK]
    client = Client()
    client.post(reverse("login"), {"username": "somebody", "password": PASSWORD})
    somebody.refresh_from_db()
    assert somebody.password != old
    assert len(events("account.login")) == 1
    assert not events()


def test_more_rounds_of_the_same_hash_are_no_change_by_anybody(
    settings, monkeypatch, somebody
):
    settings.PASSWORD_HASHERS = [STRONG]
    few = make_password(PASSWORD)
    User.objects.filter(pk=somebody.pk).update(password=few)
    more = PBKDF2PasswordHasher.iterations + 1
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", more)
    assert Client().login(username="somebody", password=PASSWORD)
    assert User.objects.get(pk=somebody.pk).password.split("$")[1] == str(more)
    assert not events()


def test_a_new_account_and_an_account_saved_as_it_was_change_no_password(somebody):
    somebody.first_name = "Some"
    somebody.save()
    assert not events()


def test_what_was_altered_but_not_written_is_not_recorded(somebody):
    somebody.set_password(NEW)
    somebody.is_staff = True
    somebody.is_superuser = True
    somebody.save(update_fields=["is_staff"])
    assert not events()
    (change,) = events("account.change")
    assert (change.before, change.after) == ({"is_staff": False}, {"is_staff": True})


def test_a_deleted_account_is_recorded_with_what_it_was(somebody):
    other = make_user("other")
    somebody.is_staff = True
    somebody.save()
    somebody.delete()
    User.objects.filter(pk=other.pk).delete()
    first, second = events("account.delete")
    assert first.subject_key == "somebody"
    assert first.before == {
        "is_active": True,
        "is_staff": True,
        "is_superuser": False,
    }
    assert first.after is None
    assert second.subject_key == "other"


def test_whoever_has_a_role_in_a_study_cannot_be_deleted(cast: Cast):
    with pytest.raises(ProtectedError):
        cast.reader.delete()
    assert not events("account.delete")
