"""`manage.py serve`: everything that one machine needs, until Ctrl-C."""

import os
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from readerstudy.config.supervisor import (
    Supervisor,
    port_is_free,
    wait_until_answering,
)


def _stop(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _check_ports(host: str, port: int) -> None:
    if not port_is_free(host, port):
        raise CommandError(
            f"Port {port} is in use by another program, perhaps by a server "
            "started earlier. Stop that one, or choose another: make run PORT=8001"
        )
    node = settings.DICOM_NODE
    if node["allow"] and not port_is_free(node["host"], node["port"]):
        raise CommandError(
            f"Port {node['port']}, for the DICOM node, is in use by another program. "
            "Stop that one, or choose another: DICOM_NODE_PORT=11113"
        )


class Command(BaseCommand):
    help = "Migrate, start the web server and two workers, make the demo study once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--no-demo", action="store_true")
        parser.add_argument("--demo-cases", type=int, default=12)

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        _check_ports(host, port)
        # HUP: the terminal was closed. INT too: a shell that starts us in the
        # background has it ignored, and Python then leaves it so.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _stop)
        os.environ["PYTHONUNBUFFERED"] = "1"
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        supervisor = Supervisor(
            host=host,
            port=port,
            var_dir=Path(settings.VAR_DIR),
            node=bool(settings.DICOM_NODE["allow"]),
        )
        try:
            supervisor.start()
            self._attend(supervisor, 0 if options["no_demo"] else options["demo_cases"])
        except KeyboardInterrupt:
            self.stdout.write("\nStopping …")
        finally:
            supervisor.stop()
        self.stdout.write("Stopped. Everything is kept; `make run` goes on from here.")

    def _attend(self, supervisor: Supervisor, demo_cases: int) -> None:
        host, port = supervisor.host, supervisor.port
        if not wait_until_answering(host, port, seconds=60):
            raise CommandError(
                "The web server did not start; its last words are in "
                f"{supervisor.log_path('web')}"
            )
        self.stdout.write(f"Reader study is at http://localhost:{port}/")
        if supervisor.wants_node:
            node = settings.DICOM_NODE
            address = f"{node['host']}:{node['port']}"
            self.stdout.write(f"The DICOM node {node['aet']} is at {address}")
        if demo_cases:
            try:
                call_command("create_demo", cases=demo_cases, stdout=self.stdout)
            except CommandError as error:  # the site is well without its demo
                self.stderr.write(f"{error}\nThe next start tries again.")
        self.stdout.write(f"Logs: {supervisor.log_path('web').parent}")
        self.stdout.write("Ctrl-C stops the web server and the workers.")
        sys.stdout.flush()
        supervisor.watch()
        raise CommandError(
            f"The web server ended by itself; see {supervisor.log_path('web')}"
        )
