"""Rows of the doors of `cases`."""

from typing import Any

from readerstudy.cases.models import Upload, UploadFile
from tests.cases.waiting import make_upload
from tests.cast import Cast
from tests.people import LOGGED_IN, OWN, UPLOADERS

from . import Row, Rows

NAMED = {"name": "New cohort"}
TWO = {"reference": 2, "short": 3}
NOBODY: frozenset[str] = frozenset()

ROWS: Rows = {
    # a list is empty for whoever has no cohort
    ("cases-api:cohort-list", "GET"): Row(LOGGED_IN),
    ("cases-api:cohort-detail", "GET"): Row(OWN),
    ("cases-api:cohort-export", "GET"): Row(OWN),
    # nothing is there before it is divided
    ("cases-api:cohort-division", "GET"): Row(NOBODY),
    ("cases-api:cohort-division", "POST"): Row(OWN),
    ("cases-api:cohort-parity", "GET"): Row(OWN),
    ("cases-api:cohort-parity", "POST"): Row(OWN),
    ("cases-api:case-list", "GET"): Row(OWN),
    ("cases-api:case-detail", "GET"): Row(OWN),
    ("cases-api:case-central-slice", "POST"): Row(OWN),
    ("cases-api:case-parity", "POST"): Row(OWN, {"reason": "Same camera."}),
    ("cases-api:case-image", "GET"): Row(OWN),
    ("cases-api:case-slice", "GET"): Row(NOBODY),  # the file of the scan is not there
    ("cases-api:inbox", "GET"): Row(UPLOADERS),
    ("cases-api:upload-list", "GET"): Row(UPLOADERS),
    ("cases-api:upload-list", "POST"): Row(UPLOADERS),
    ("cases-api:file-create", "POST"): Row(UPLOADERS),
    ("cases-api:file-send", "GET"): Row(OWN),
    ("cases-api:file-send", "PATCH"): Row(OWN),
    ("cases-api:file-send", "DELETE"): Row(OWN),
    ("cases-api:upload-detail", "GET"): Row(OWN),
    ("cases-api:upload-detail", "DELETE"): Row(OWN),
    # it lies in everyone's inbox until the first of them has taken it
    ("cases-api:upload-take", "POST"): Row(UPLOADERS),
    ("cases-api:upload-confirm", "POST"): Row(OWN, NAMED),
    ("cases-api:upload-retry", "POST"): Row(OWN),
    ("cases-api:upload-scan", "GET"): Row(OWN),
    ("cases-api:plan", "GET"): Row(OWN),
    ("cases-api:plan", "PATCH"): Row(OWN, {"resampling": True}),
    ("cases-api:pair-list", "GET"): Row(OWN),
    ("cases-api:pair-list", "POST"): Row(OWN, TWO),
    ("cases-api:pairs-accept", "POST"): Row(OWN, {"pairs": [TWO]}),
    ("cases-api:pair", "DELETE"): Row(OWN),
    ("cases-api:pair-swap", "POST"): Row(OWN),
    ("cases-api:single-list", "GET"): Row(OWN),
    ("cases-api:singles-alone", "POST"): Row(OWN),
    ("cases-api:left-out-list", "GET"): Row(OWN),
    ("cases-api:pacs-list", "GET"): Row(UPLOADERS),
    ("cases-api:pacs-search", "POST"): Row(UPLOADERS),
    ("cases-api:pacs-fetch", "POST"): Row(UPLOADERS),
}


def values(cast: Cast) -> dict[Any, dict[str, Any]]:
    ready = make_upload(cast)
    begun = Upload.objects.create(name="New", uploaded_by=cast.coordinator, folder="y")
    file = UploadFile.objects.create(upload=begun, size=10, sealed_name=b"")
    inbox = Upload.objects.create(origin="node", state="receiving", folder="x")
    upload = {"pk": ready.pk}
    case = {"pk": cast.cohort.pk, "code": "C001"}
    of_an_upload = (
        *("upload-detail", "upload-confirm", "upload-retry", "plan", "pair-list"),
        *("pairs-accept", "single-list", "singles-alone", "left-out-list"),
    )
    of_a_case = ("case-detail", "case-central-slice", "case-parity")
    return {
        **{f"cases-api:{name}": upload for name in of_an_upload},
        **{f"cases-api:{name}": case for name in of_a_case},
        "cases-api:case-image": {**case, "method": "short"},
        "cases-api:case-slice": {**case, "number": 3},
        "cases-api:file-send": {"token": file.token},
        "cases-api:upload-take": {"pk": inbox.pk},
        "cases-api:upload-scan": {**upload, "number": 2},
        "cases-api:pair": {**upload, **TWO},
        "cases-api:pair-swap": {**upload, **TWO},
    }
