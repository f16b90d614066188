"""What a platform of its own has received: asked in a process of its own.

Reads questions, a line of JSON each: [name, values]; writes a line of JSON for each.
"""

import hashlib
import json
import sys
from io import BytesIO
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from pydicom import dcmread  # noqa: E402

from readerstudy.cases import services  # noqa: E402
from readerstudy.cases.gateways.part10 import read_head  # noqa: E402
from readerstudy.cases.models import Case, Upload  # noqa: E402
from readerstudy.cases.services.receiving import file_path  # noqa: E402
from readerstudy.cases.storage.sealing import sealed_open, unseal  # noqa: E402
from tests.cast import make_user  # noqa: E402


def prepare() -> str:
    """A database with one coordinator, and somebody who may upload nothing."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    make_user("coordinator", coordinator=True)
    make_user("stranger")
    return "prepared"


def uploads(**wanted: Any) -> list[dict[str, Any]]:
    return [
        {
            "pk": upload.pk,
            "peer": upload.peer,
            "origin": upload.origin,
            "state": upload.state,
            "by": upload.uploaded_by and upload.uploaded_by.username,
            "name": upload.name,
            "done": upload.done,
            "total": upload.total,
            "error": upload.reason,
            "files": [
                {
                    "name": unseal(file.sealed_name).decode(),
                    "whole": file.is_whole,
                    "pixels": _pixels(file),
                    "head": _head(file),
                }
                for file in upload.files.all()
            ],
        }
        for upload in Upload.objects.filter(**wanted).order_by("pk")
    ]


def _pixels(file: Any) -> str:
    """SHA-256 of PixelData, as it was sent."""
    with sealed_open(file_path(file)) as content:
        dataset = dcmread(BytesIO(content.read()), force=True)
    return hashlib.sha256(dataset.PixelData).hexdigest()


def _head(file: Any) -> dict[str, str]:
    with sealed_open(file_path(file)) as content:
        head = read_head(content)
    return {"sop_uid": head.sop_uid, "transfer_syntax": head.transfer_syntax}


def take(*, pk: int, name: str, finish: bool = True) -> dict[str, Any]:
    """A coordinator takes the upload, has it looked through, and imports it."""
    coordinator = User.objects.get(username="coordinator")
    upload = Upload.objects.get(pk=pk)
    if finish:
        services.receiving_finish(upload=upload, name=name, by=coordinator)
    services.upload_scan(upload_id=pk)
    upload.refresh_from_db()
    scanned = {"state": upload.state, "error": upload.reason}
    services.upload_confirm(upload=upload, name=name)
    services.upload_import(upload_id=pk)
    upload.refresh_from_db()
    cases = Case.objects.filter(cohort__name=name).count()
    return {"scanned": scanned, "state": upload.state, "cases": cases}


def session() -> str:
    """The cookie of a browser in which the coordinator is logged in."""
    client = Client()
    client.force_login(User.objects.get(username="coordinator"))
    return client.cookies["sessionid"].value


def discard(*, pk: int) -> str:
    services.upload_discard(upload=Upload.objects.get(pk=pk))
    return "discarded"


def fetch(*, pk: int) -> str:
    """As the worker does when it is woken."""
    from readerstudy.cases.services.pulling import upload_pull

    upload_pull(upload_id=pk)
    return str(Upload.objects.get(pk=pk).state)


if __name__ == "__main__":
    for line in sys.stdin:
        name, values = json.loads(line)
        print(json.dumps(globals()[name](**values)), flush=True)
        connections.close_all()
