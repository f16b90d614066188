"""`manage.py load_protocol FILE [--by NAME]`: a draft study of a protocol in YAML."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from readerstudy.imaging.errors import Refused
from readerstudy.reading.preflight.checks import preflight
from readerstudy.reading.protocol.plain_yaml import MAX_BYTES
from readerstudy.reading.services import protocol_load
from readerstudy.reading.services.protocol_files import first_coordinator


class Command(BaseCommand):
    help = (
        "Make a draft study of a protocol in YAML (docs/protocol.md), or write the "
        "draft of the same short name anew. Everything wrong in the file is told, and "
        "then nothing is changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the YAML file")
        parser.add_argument(
            "--by",
            metavar="NAME",
            help="the coordinator in whose name it is done; without it the first one "
            "in the file",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        try:
            by = _account(options["by"]) or first_coordinator(content)
            loaded = protocol_load(content=content, by=by)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        study = loaded.study
        done = "Made the draft" if loaded.made else "Wrote anew the draft"
        self.stdout.write(f"{done} “{study.slug}”, as {by.get_username()}.")
        findings = preflight(study)
        if findings:
            self.stdout.write("Before it can open:")
        for finding in findings:
            self.stdout.write(f"- {finding.message}")


def _account(name: str | None) -> User | None:
    if name is None:
        return None
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no account named {name}.")
    return user
