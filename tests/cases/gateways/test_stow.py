"""A program stores with DICOMweb: dicomweb-client at a real gunicorn, and by hand."""

import json
import socket
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import requests
from dicomweb_client import DICOMwebClient
from dicomweb_client.session_utils import create_session_from_user_pass
from pydicom.dataset import Dataset

from tests.cases.gateways.conftest import Platform
from tests.cast import PASSWORD
from tests.imaging.objects import as_file, compressed, head, nuclear_object

pytestmark = pytest.mark.slow

TYPE = 'multipart/related; type="application/dicom"; boundary="b0undary"'


def client(site: str, **more: object) -> DICOMwebClient:
    session = create_session_from_user_pass("coordinator", PASSWORD)
    return DICOMwebClient(site, session=session, **more)


def instance(seed: int, *, size: int = 72, **more: object) -> Dataset:
    frames = np.random.default_rng(seed).integers(0, 900, (12, size, size), np.uint16)
    return nuclear_object(frames, **more)


def body(*contents: bytes, ending: bytes = b"--b0undary--\r\n") -> bytes:
    heading = b"--b0undary\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(heading + one + b"\r\n" for one in contents) + ending


def post(
    site: str, content: bytes, *, path: str = "/studies", **headers: str
) -> requests.Response:
    return requests.post(
        site + path,
        data=content,
        headers={"Content-Type": TYPE, **headers},
        auth=("coordinator", PASSWORD),
        timeout=30,
    )


def own_uploads(platform: Platform) -> list[dict]:
    return platform.uploads(origin="stow", state="receiving")


def stored_uids(platform: Platform) -> list[str]:
    return [
        file["head"]["sop_uid"]
        for upload in own_uploads(platform)
        for file in upload["files"]
    ]


@pytest.mark.parametrize("chunk_size", [10**4, 10**8])
def test_what_a_client_stores_lies_in_its_users_own_upload(
    site: str, platform: Platform, chunk_size: int
) -> None:
    """Both in one piece and, as the client sends what is large, in chunks."""
    sent = [instance(chunk_size + n) for n in range(3)]
    answer = client(site, chunk_size=chunk_size).store_instances(sent)
    assert [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence] == [
        ds.SOPInstanceUID for ds in sent
    ]
    assert "FailedSOPSequence" not in answer
    (upload,) = own_uploads(platform)
    assert (upload["by"], upload["peer"]) == ("coordinator", "")
    assert {ds.SOPInstanceUID for ds in sent} <= set(stored_uids(platform))


def test_the_same_again_is_stored_once(site: str, platform: Platform) -> None:
    ds = instance(20)
    for _ in range(2):
        answer = client(site).store_instances([ds, ds])
        assert len(answer.ReferencedSOPSequence) == 2
    assert stored_uids(platform).count(ds.SOPInstanceUID) == 1


def test_a_compressed_object_is_taken_as_it_is(site: str, platform: Platform) -> None:
    ds = compressed(nuclear_object(head()))
    client(site).store_instances([ds])
    files = [file for upload in own_uploads(platform) for file in upload["files"]]
    heads = {file["head"]["sop_uid"]: file["head"] for file in files}
    assert heads[ds.SOPInstanceUID]["transfer_syntax"] == "1.2.840.10008.1.2.5"


def test_what_is_no_instance_is_told_beside_what_is_stored(site: str) -> None:
    """202, and 409 where nothing was stored (PS3.18 10.5.3)."""
    good = as_file(instance(30)).getvalue()
    some = post(site, body(good, b"no DICOM at all"))
    assert some.status_code == 202
    answer = Dataset.from_json(some.json())
    assert len(answer.ReferencedSOPSequence) == 1
    assert answer.OtherFailuresSequence[0].FailureReason == 0xC000
    assert post(site, body(b"no DICOM at all")).status_code == 409


def test_an_instance_of_another_study_is_not_stored_under_this_one(
    site: str, platform: Platform
) -> None:
    ours, others = instance(40, study="1.2.40"), instance(41, study="1.2.41")
    content = body(*(as_file(ds).getvalue() for ds in (ours, others)))
    answer = post(site, content, path="/studies/1.2.40")
    assert answer.status_code == 202
    (failed,) = Dataset.from_json(answer.json()).FailedSOPSequence
    assert failed.ReferencedSOPInstanceUID == others.SOPInstanceUID
    uids = stored_uids(platform)
    assert ours.SOPInstanceUID in uids
    assert others.SOPInstanceUID not in uids


def test_who_reads_xml_is_answered_in_xml(site: str) -> None:
    ds = instance(50)
    answer = post(site, body(as_file(ds).getvalue()), Accept="application/dicom+xml")
    assert answer.headers["Content-Type"] == "application/dicom+xml"
    model = ElementTree.fromstring(answer.content)
    path = (
        "DicomAttribute[@keyword='ReferencedSOPSequence']/Item[@number='1']/"
        "DicomAttribute[@keyword='ReferencedSOPInstanceUID']/Value"
    )
    assert [value.text for value in model.iterfind(path)] == [ds.SOPInstanceUID]


def test_a_content_that_breaks_off_leaves_no_half_object(
    site: str, platform: Platform
) -> None:
    whole, half = as_file(instance(60)).getvalue(), as_file(instance(61)).getvalue()
    before = len(stored_uids(platform))
    answer = post(site, body(whole)[: -len(b"--b0undary--\r\n")] + body(half)[:5000])
    assert answer.status_code == 400
    assert len(stored_uids(platform)) == before + 1


def test_a_line_that_breaks_leaves_no_half_object(
    site: str, platform: Platform
) -> None:
    host, port = site.split("/")[2].split(":")
    before = len(stored_uids(platform))
    auth = requests.auth._basic_auth_str("coordinator", PASSWORD)
    head_ = (
        f"POST /dicom-web/studies HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: {auth}\r\nContent-Type: {TYPE}\r\n"
        "Content-Length: 1000000\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as line:
        line.sendall(head_.encode() + body(as_file(instance(62)).getvalue())[:50_000])
    assert len(stored_uids(platform)) == before


@pytest.mark.parametrize(
    ("auth", "status"),
    [
        (None, 401),
        (("coordinator", "wrong"), 401),
        (("nobody", PASSWORD), 401),
        (("stranger", PASSWORD), 403),
    ],
)
def test_a_stranger_stores_nothing(
    site: str, platform: Platform, auth: tuple[str, str] | None, status: int
) -> None:
    before = stored_uids(platform)
    content = body(as_file(instance(70)).getvalue())
    answer = requests.post(
        f"{site}/studies",
        data=content,
        headers={"Content-Type": TYPE},
        auth=auth,
        timeout=30,
    )
    assert answer.status_code == status
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert stored_uids(platform) == before


def test_a_cookie_alone_stores_nothing(site: str, platform: Platform) -> None:
    """A page of somebody else's could make a browser send one."""
    answer = requests.post(
        f"{site}/studies",
        data=body(as_file(instance(71)).getvalue()),
        headers={"Content-Type": TYPE},
        cookies={"sessionid": platform.ask("session")},
        timeout=30,
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "content_type",
    ["application/dicom", "multipart/form-data; boundary=x", "multipart/related", ""],
)
def test_another_content_is_refused_in_words(site: str, content_type: str) -> None:
    answer = post(site, b"content", **{"Content-Type": content_type})
    assert answer.status_code == 415
    assert "multipart/related" in answer.text


def test_the_upload_becomes_a_cohort(
    site: str, platform: Platform, tmp_path: Path
) -> None:
    from pydicom import dcmread

    from tests.cases.conftest import write_pair

    for upload in own_uploads(platform):  # of the tests before
        platform.ask("discard", pk=upload["pk"])
    write_pair(tmp_path, "Goto-7")
    sent = [dcmread(path) for path in sorted((tmp_path / "Goto-7").iterdir())]
    client(site).store_instances(sent)
    (upload,) = own_uploads(platform)
    made = platform.ask("take", pk=upload["pk"], name="From a program")
    assert (made["state"], made["cases"]) == ("done", 1), json.dumps(made)
