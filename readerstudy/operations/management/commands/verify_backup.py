"""`manage.py verify_backup FILE`: is the archive whole?"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from readerstudy.imaging.errors import Refused
from readerstudy.operations.backup.checking import backup_check
from readerstudy.operations.backup.keys import write_key
from readerstudy.operations.backup.sealing import is_sealed

from ..secrets import add_passphrase, asked_passphrase, passphrase_of


class Command(BaseCommand):
    help = "Read a backup to its end and compare everything with its checksums."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        add_passphrase(parser)
        parser.add_argument(
            "--write-identity-key",
            type=Path,
            metavar="PATH",
            help="take the identity key out of a sealed archive, into a new file",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        passphrase = passphrase_of(options)
        try:
            if passphrase is None and is_sealed(options["file"]):
                passphrase = asked_passphrase(twice=False)
            checked = backup_check(
                path=options["file"],
                passphrase=passphrase,
                progress=lambda line: None,
            )
            if target := options["write_identity_key"]:
                if checked.identity_key is None:
                    raise Refused("The archive is not sealed: it holds no key.")
                write_key(target, checked.identity_key)
        except Refused as error:
            raise CommandError(str(error)) from error
        manifest, contents = checked.manifest, checked.contents
        self.stdout.write(
            f"The backup is whole: made at {manifest['made_at']} by version "
            f"{manifest['program']} on {manifest['database']}, {checked.rows} rows, "
            f"{len(contents.files)} files."
        )
        for name in contents.missing:
            self.stdout.write(f"{name} was missing when it was made")
        for name in contents.changed:
            self.stdout.write(f"{name} was not what was stored when it was made")
        held = "holds" if checked.identity_key else "does not hold"
        self.stdout.write(f"It {held} the identity key.")
