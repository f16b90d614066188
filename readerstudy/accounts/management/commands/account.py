"""Accounts from the command line, where nobody can log in any more."""

import secrets
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from readerstudy.accounts.factors import factors_forget, sign_on_forget
from readerstudy.accounts.guessing import unlock

ACTS = (
    *("create", "password", "unlock", "forget-factors", "forget-sign-on"),
    "deactivate",
)
PASSWORD_BYTES = 12  # 96 random bits, 16 characters
ROLES = ("none", "coordinator", "administrator")


class Command(BaseCommand):
    help = (
        "create: a new account, with a password that is told once; password: a new "
        "one; unlock: after too many wrong passwords; forget-factors: for who has lost "
        "their second factor; forget-sign-on: where the provider of single sign-on is "
        "another one now; deactivate: nobody comes in as this any more."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=ACTS)
        parser.add_argument("name")
        parser.add_argument(
            "--role",
            choices=ROLES,
            default="none",
            help="what a new account may do; roles in a study are given there",
        )
        parser.add_argument(
            "--password-file",
            type=Path,
            metavar="FILE",
            help="take the password from this file's first line; print none",
        )

    def handle(
        self, *args: Any, act: str, name: str, role: str, **options: Any
    ) -> None:
        file = options["password_file"]
        if act == "create":
            self._create(name, role, file)
            return
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no account {name}.")
        if act == "password":
            self._set_password(user, file)
        elif act == "unlock":
            unlock(user=user, by=None)
        elif act == "forget-factors":
            self.stdout.write(f"{factors_forget(user=user, by=None)} forgotten.")
        elif act == "forget-sign-on":
            self.stdout.write(f"{sign_on_forget(user=user, by=None)} forgotten.")
        else:
            user.is_active = False
            user.save(update_fields=["is_active"])

    @transaction.atomic
    def _create(self, name: str, role: str, file: Path | None) -> None:
        if User.objects.filter(username__iexact=name).exists():
            raise CommandError(f"There is already an account named “{name}”.")
        user = User(username=name)
        try:
            user.full_clean(exclude=["password"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.is_staff = user.is_superuser = role == "administrator"
        self._set_password(user, file)
        if role == "coordinator":
            user.groups.add(Group.objects.get(name="coordinators"))

    def _set_password(self, user: User, file: Path | None) -> None:
        password = _read(file) if file else secrets.token_urlsafe(PASSWORD_BYTES)
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.set_password(password)
        user.save()
        if file:
            self.stdout.write(f"{user.get_username()} has the password of the file.")
        else:
            self.stdout.write(
                f"Password of {user.get_username()}, shown only now: {password}"
            )


def _read(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The password file {file} cannot be read.") from error
    if not lines or not lines[0]:
        raise CommandError(f"The first line of the password file {file} is empty.")
    return lines[0]
