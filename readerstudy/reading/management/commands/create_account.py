"""`manage.py create_account NAME [--coordinator]`: let a person log in."""

import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

PASSWORD_BYTES = 12  # 96 random bits, 16 characters


class Command(BaseCommand):
    help = (
        "Make an account. Its random password is printed once and kept nowhere. "
        "What the person may do in a study is written in the study itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the user name to log in with")
        parser.add_argument(
            "--coordinator",
            action="store_true",
            help="may upload cohorts and make studies of them",
        )
        parser.add_argument(
            "--password-file",
            type=Path,
            metavar="FILE",
            help="take the password from this file's first line; print none",
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        name, file = options["name"], options["password_file"]
        if User.objects.filter(username__iexact=name).exists():
            raise CommandError(f"There is already an account named “{name}”.")
        user = User(username=name)
        password = _read(file) if file else secrets.token_urlsafe(PASSWORD_BYTES)
        try:
            user.full_clean(exclude=["password"])
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.set_password(password)
        user.save()
        if options["coordinator"]:
            user.groups.add(Group.objects.get(name="coordinators"))
        kind = "coordinator" if options["coordinator"] else "account"
        self.stdout.write(f"Made the {kind} “{name}”.")
        if not file:
            self.stdout.write(f"Password, shown only now: {password}")


def _read(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The password file {file} cannot be read.") from error
    if not lines or not lines[0]:
        raise CommandError(f"The first line of the password file {file} is empty.")
    return lines[0]
