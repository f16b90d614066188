"""Accounts from the command line, for a site without the demo."""

import io
import re

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from readerstudy.audit.models import AuditEvent

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> str:
    out = io.StringIO()
    call_command("account", "create", *arguments, stdout=out)
    return out.getvalue()


def test_the_printed_password_opens_the_account():
    password = re.search(r"shown only now: (\S{16})\n", create("dr-mori"))[1]
    user = authenticate(username="dr-mori", password=password)
    assert user is not None
    assert not user.has_perm("cases.add_cohort")
    assert not (user.is_staff or user.is_superuser)
    assert password not in create("dr-sato")


def test_a_coordinator_may_make_cohorts():
    create("dr-mori", "--role", "coordinator")
    assert User.objects.get(username="dr-mori").has_perm("cases.add_cohort")


def test_making_an_account_is_in_the_audit_log_without_its_password():
    said = create("dr-mori", "--role", "coordinator")
    password = said.split()[-1]
    events = AuditEvent.objects.filter(subject_key="dr-mori").order_by("sequence")
    assert [e.action for e in events] == ["account.create", "account.groups"]
    assert events[1].after == {"added": ["coordinators"]}
    assert password not in str(list(events.values()))


def test_a_password_from_a_file_is_not_printed(tmp_path):
    file = tmp_path / "password"
    file.write_text("correct horse battery\n")
    assert "horse" not in create("dr-mori", "--password-file", str(file))
    assert authenticate(username="dr-mori", password="correct horse battery")


@pytest.mark.parametrize("taken", ["dr-mori", "Dr-Mori"])
def test_an_existing_name_is_refused_and_its_password_kept(taken):
    password = create("dr-mori").split()[-1]
    with pytest.raises(CommandError, match=f"already an account named “{taken}”"):
        create(taken)
    assert authenticate(username="dr-mori", password=password)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("dr mori", b"correct horse battery", "valid username"),
        ("dr-mori", b"1234567890", "entirely numeric"),
        ("dr-mori", b"\n", "is empty"),
        ("dr-mori", b"\xff", "cannot be read"),
        ("dr-mori", None, "cannot be read"),
    ],
)
def test_what_makes_no_account_is_refused_in_words(tmp_path, name, content, reason):
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError, match=reason):
        create(name, "--password-file", str(file))
    assert not User.objects.exists()
