"""manage.py dicom_node --port 11112 --aet READERSTUDY --allow AE [--allow AE …]"""

import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from readerstudy.cases.gateways.dicom_node import Arrived, DicomNode
from readerstudy.cases.models import Upload
from readerstudy.cases.services.instances import instance_receive, staged


def ae_title(text: str) -> str:
    """PS3.5 6.2, AE: up to 16 printable characters, no backslash, not only spaces."""
    title = text.strip()
    if not title or len(title) > 16 or "\\" in title or not title.isprintable():
        raise ArgumentTypeError(f"{text!r} is not an AE title (1 to 16 characters)")
    if not title.isascii():
        raise ArgumentTypeError(f"{text!r} is not an AE title (no such characters)")
    return title


class Command(BaseCommand):
    help = (
        "Receive DICOM objects (C-STORE) into the inbox on the page of cohorts, until "
        "Ctrl-C. Only senders whose AE title is allowed are listened to."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        node = settings.DICOM_NODE
        parser.add_argument("--port", type=int, default=node["port"])
        parser.add_argument("--aet", type=ae_title, default=node["aet"])
        parser.add_argument(
            "--host",
            default=node["host"],
            help="the address to listen at; 0.0.0.0 for all of this machine's",
        )
        parser.add_argument(
            "--allow",
            action="append",
            type=ae_title,
            metavar="AE",
            help="AE title that may send; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        allowed = options["allow"] or [ae_title(one) for one in self._configured()]
        if not allowed:
            raise CommandError(
                "Nobody could send anything: give --allow AE, or DICOM_NODE_ALLOW."
            )
        try:
            node = DicomNode(
                host=options["host"],
                port=options["port"],
                aet=options["aet"],
                allowed=allowed,
                receive=_receive,
            )
        except OSError as error:
            raise CommandError(
                f"Cannot listen at {options['host']}:{options['port']}: "
                f"{error.strerror}."
            ) from error
        self.stdout.write(
            f"{options['aet']} listens at {options['host']}:{node.port}; "
            f"allowed: {', '.join(allowed)}. Ctrl-C stops it."
        )
        self.stdout.flush()
        self._run(node)
        self.stdout.write("Stopped. What was received waits in the inbox.")

    def _configured(self) -> list[str]:
        configured: list[str] = settings.DICOM_NODE["allow"]
        return configured

    def _run(self, node: DicomNode) -> None:
        """Stop from another thread: who serves cannot wait for its own end."""
        ended = threading.Event()

        def stop(signum: int, frame: FrameType | None) -> None:
            ended.set()

        # INT too: a shell that starts us in the background has it ignored
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)
        serving = threading.Thread(target=node.run, name="dicom-node")
        serving.start()
        while serving.is_alive() and not ended.wait(timeout=1):
            pass
        node.stop()
        serving.join()


def _receive(arrived: Arrived) -> bool:
    try:
        with staged(arrived.chunks) as one:
            return instance_receive(
                one=one,
                sop_uid=arrived.sop_uid,
                user=None,
                origin=Upload.Origin.NODE,
                peer=arrived.peer,
            )
    finally:
        connections.close_all()  # this thread's: an association may stay for hours
