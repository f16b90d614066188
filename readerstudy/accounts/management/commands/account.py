"""Accounts from the command line, where nobody can log in any more."""

import secrets
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from readerstudy.accounts.factors import factors_forget, sign_on_forget
from readerstudy.accounts.guessing import unlock

ACTS = (
    *("create", "password", "unlock", "forget-factors", "forget-sign-on"),
    "deactivate",
)
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
        parser.add_argument("--role", choices=ROLES, default="none")

    def handle(
        self, *args: Any, act: str, name: str, role: str, **options: Any
    ) -> None:
        if act == "create":
            self._create(name, role)
            return
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no account {name}.")
        if act == "password":
            self._tell_password(user)
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
    def _create(self, name: str, role: str) -> None:
        user = User(username=name)
        try:
            user.full_clean(exclude=["password"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.is_staff = user.is_superuser = role == "administrator"
        self._tell_password(user)
        if role == "coordinator":
            user.groups.add(Group.objects.get(name="coordinators"))

    def _tell_password(self, user: User) -> None:
        password = secrets.token_urlsafe(12)
        user.set_password(password)
        user.save()
        self.stdout.write(f"{user.get_username()}  {password}")
