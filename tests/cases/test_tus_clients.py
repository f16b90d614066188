"""The tus protocol with a client that others wrote, over a real connection."""

import threading
from io import BytesIO

import pytest
from django.test import Client
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from readerstudy.cases import services
from readerstudy.cases.models import Upload, UploadFile
from readerstudy.cases.services import receiving
from readerstudy.cases.storage.parcels import ParcelWriter

from .test_tus import CREATE, content_of

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def tus_client(base: str, user) -> TusClient:
    """tuspy, with the cookies and the token of a page that was opened."""
    browser = Client()
    browser.force_login(user)
    browser.get("/cohorts/upload/")
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    return TusClient(
        f"{base}{CREATE}",
        headers={
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "X-CSRFToken": cookies["csrftoken"],
        },
    )


@pytest.fixture
def parcel(folder) -> bytes:
    """A folder as the page packs it."""
    packed = BytesIO()
    writer = ParcelWriter(packed)
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            writer.begin(str(file.relative_to(folder)))
            writer.write(file.read_bytes())
    writer.finish()
    return packed.getvalue()


def test_a_client_that_others_wrote_sends_resumes_and_is_understood(
    live_server, coordinator, parcel
):
    client = tus_client(str(live_server), coordinator)
    told = {"metadata": {"name": "From afar"}, "chunk_size": 40_000}
    first = client.uploader(file_stream=BytesIO(parcel), **told)
    first.upload_chunk()
    first.upload_chunk()
    assert UploadFile.objects.get().received == 80_000
    again = client.uploader(file_stream=BytesIO(parcel), url=first.url, **told)
    assert again.offset == 80_000
    again.upload()
    upload = Upload.objects.get()
    assert (upload.state, upload.name) == (Upload.State.READY, "From afar")
    plan = services.uploads.upload_plan(upload)
    assert len(plan.pairs) == 3
    assert {scan.files[0] for scan in plan.scans} >= {"Abe-1/A", "Abe-1/B"}
    assert "truth.csv" in {one.name for one in plan.left_out}


def test_a_client_that_others_wrote_is_told_what_is_wrong(
    live_server, coordinator, settings
):
    settings.COHORT_UPLOAD_MAX_BYTES = 5
    client = tus_client(str(live_server), coordinator)
    uploader = client.uploader(
        file_stream=BytesIO(b"123456"), metadata={"name": "First"}
    )
    with pytest.raises(TusCommunicationError) as caught:
        uploader.upload()
    assert caught.value.status_code == 413


def test_of_many_who_write_at_once_each_byte_counts_once(
    live_server, coordinator, monkeypatch
):
    """Five lines send the same pieces: what is on disk is the file, once."""
    monkeypatch.setattr(receiving, "receiving_complete", lambda **kwargs: None)
    content = bytes(range(256)) * 40
    client = tus_client(str(live_server), coordinator)
    url = client.uploader(
        file_stream=BytesIO(content), metadata={"name": "First"}
    ).create_url()

    def send() -> None:
        for _ in range(30):
            uploader = client.uploader(
                file_stream=BytesIO(content), url=url, chunk_size=1000
            )
            try:
                uploader.upload()
            except TusCommunicationError as error:
                assert error.status_code in (409, 423)
            else:
                return

    lines = [threading.Thread(target=send) for _ in range(5)]
    for line in lines:
        line.start()
    for line in lines:
        line.join()
    assert UploadFile.objects.get().received == len(content)
    assert content_of(url) == content
