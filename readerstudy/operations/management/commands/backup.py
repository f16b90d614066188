"""`manage.py backup FILE`: the database and all files in one archive."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from readerstudy.imaging.errors import Refused
from readerstudy.operations.backup.making import Made, backup_make, left_out

from ..secrets import add_passphrase, asked_passphrase, passphrase_of


class Command(BaseCommand):
    help = (
        "Write the database, as it is at one moment, and all files that it names to "
        "one archive, while everybody goes on with their work. See docs/backup.md."
    )
    requires_system_checks: list[str] = []  # a system that is not well needs one most

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a new file")
        parser.add_argument(
            "--seal",
            action="store_true",
            help="seal it by a passphrase that is asked for; the identity key is only "
            "in a sealed one",
        )
        add_passphrase(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        passphrase = passphrase_of(options)
        if options["seal"] and passphrase is None:
            passphrase = asked_passphrase(twice=True)
        quiet = options["verbosity"] == 0
        try:
            made = backup_make(
                path=options["file"],
                passphrase=passphrase,
                progress=(lambda line: None) if quiet else self.stdout.write,
            )
        except Refused as error:
            raise CommandError(str(error)) from error
        self._tell(made, options["file"], sealed=passphrase is not None)

    def _tell(self, made: Made, path: Path, *, sealed: bool) -> None:
        self.stdout.write("Not in it:")
        for name, reason in left_out(sealed=sealed).items():
            self.stdout.write(f"  {name}: {reason}")
        for kind, names in (
            ("is missing", made.contents.missing),
            ("is not what was stored", made.contents.changed),
        ):
            for name in names:
                self.stderr.write(f"{name} {kind}")
        self.stdout.write(
            f"{path}: {made.rows} rows, {len(made.contents.files)} files, "
            f"{made.bytes / 1e6:.1f} MB{', sealed' if sealed else ''}"
        )
        self.stdout.write(f"sha256 {made.sha256}")
