"""How the commands of a backup are given the passphrase: never as an argument, which
every account of the machine could read."""

import getpass
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

VARIABLE = "BACKUP_PASSPHRASE_FILE"


def add_passphrase(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        default=os.environ.get(VARIABLE),
        metavar="PATH",
        help=f"a file that holds the passphrase (or set {VARIABLE})",
    )


def passphrase_of(options: dict[str, Any]) -> str | None:
    path = options["passphrase_file"]
    if not path:
        return None
    try:
        passphrase = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The passphrase file {path} cannot be read.") from error
    if not passphrase:
        raise CommandError(f"The passphrase file {path} is empty.")
    return passphrase


def asked_passphrase(*, twice: bool) -> str:
    if not sys.stdin.isatty():
        raise CommandError("Give the passphrase by --passphrase-file.")
    passphrase = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("Once more: ") != passphrase:
        raise CommandError("The two passphrases differ.")
    return passphrase
