"""`manage.py verify_audit [--anchor HASH]`: is the chain of events whole?"""

import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from readerstudy.audit import selectors, triggers


def _hash(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise ArgumentTypeError(f"“{text}” is not a hash of 64 hexadecimal digits")
    return text.lower()


class Command(BaseCommand):
    help = (
        "Check that no audit event was altered or removed, and say where if one was. "
        "A tail that was cut off shows only against an anchor: the last hash as an "
        "export or an earlier run of this command printed it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="HASH",
            type=_hash,
            help="64 hexadecimal digits; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = selectors.chain_verify(anchors=options["anchor"])
        if verdict.broken_at is not None:
            raise CommandError(
                f"The audit chain is broken at event {verdict.broken_at}: "
                f"{verdict.how}. Whole before it: {verdict.anchor.events} events."
            )
        if missing := triggers.missing(connection):
            raise CommandError(
                "The chain is whole, but the database no longer refuses to change "
                f"events: the trigger {', '.join(missing)} is missing."
            )
        self.stdout.write(f"The audit chain is whole: {verdict.anchor.events} events.")
        self.stdout.write(f"anchor {verdict.anchor.hash}")
