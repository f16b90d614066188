"""`manage.py export_protocol SLUG [FILE]`: a study's protocol as YAML."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from readerstudy.reading.models import Study
from readerstudy.reading.protocol.file import protocol_yaml


class Command(BaseCommand):
    help = (
        "Write a study's protocol as it stands, amendments included, as YAML that "
        "load_protocol reads (docs/protocol.md)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study's short name")
        parser.add_argument(
            "file", nargs="?", type=Path, help="where to; without it, to the screen"
        )
        parser.add_argument(
            "--without-people",
            action="store_true",
            help="leave the user names out, for a file that goes to others",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["slug"]).first()
        if study is None:
            raise CommandError(f"There is no study “{options['slug']}”.")
        written = protocol_yaml(study, people=not options["without_people"])
        if options["file"] is None:
            self.stdout.write(written, ending="")
            return
        try:
            options["file"].write_text(written, encoding="utf-8")
        except OSError as error:
            said = f"{options['file']} cannot be written: {error}"
            raise CommandError(said) from error
