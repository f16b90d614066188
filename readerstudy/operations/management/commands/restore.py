"""`manage.py restore FILE`: a new system from a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from readerstudy.imaging.errors import Refused
from readerstudy.operations.backup.restoring import (
    KeyChoice,
    Restored,
    backup_restore,
)
from readerstudy.operations.backup.sealing import is_sealed

from ..secrets import add_passphrase, asked_passphrase, passphrase_of


class Command(BaseCommand):
    help = (
        "Make this system, which must be empty, what the backup holds, on whichever "
        "database; an older backup is brought to this version. Stop the server and all "
        "workers first. See docs/backup.md."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        add_passphrase(parser)
        parser.add_argument(
            "--identity-key",
            type=Path,
            metavar="PATH",
            help="the identity key of the system that was backed up",
        )
        parser.add_argument(
            "--other-identity-key",
            action="store_true",
            help="go on with this system's key; patients who are in the backup are not "
            "recognised again, and second factors are to be set up anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        passphrase = passphrase_of(options)
        key = KeyChoice(options["identity_key"], options["other_identity_key"])
        try:
            if passphrase is None and is_sealed(options["file"]):
                passphrase = asked_passphrase(twice=False)
            restored = backup_restore(
                path=options["file"],
                passphrase=passphrase,
                key=key,
                progress=self.stdout.write,
            )
        except Refused as error:
            raise CommandError(str(error)) from error
        self._tell(restored)

    def _tell(self, restored: Restored) -> None:
        for name in restored.missing:
            self.stderr.write(f"{name} was missing already when the backup was made")
        for name in restored.changed:
            self.stderr.write(f"{name} was damaged already when the backup was made")
        if restored.uploads:
            self.stdout.write(
                f"{restored.uploads} uploads were not done; their files are sent again."
            )
        self.stdout.write(
            f"Restored as of {restored.made_at}: {restored.rows} rows, "
            f"{restored.files} files."
        )
        if anchor := restored.anchor:
            self.stdout.write(f"The audit log is whole: {anchor.events} events.")
            self.stdout.write(f"anchor {anchor.hash}")
