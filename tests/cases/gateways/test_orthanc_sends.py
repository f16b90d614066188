"""A real PACS sends to the platform, as it does to any other: C-STORE and STOW-RS."""

from pathlib import Path

import numpy as np
import pytest

from tests.cases.gateways.conftest import Node, Orthanc, Platform
from tests.cast import PASSWORD
from tests.imaging.objects import nuclear_object, write

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sent(orthanc: Orthanc, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Three objects in the PACS: its own names for them → SOP instance UIDs."""
    folder = tmp_path_factory.mktemp("sent")
    found = {}
    for seed in (500, 501, 502):
        rng = np.random.default_rng(seed)
        ds = nuclear_object(rng.integers(0, 900, (12, 72, 72), np.uint16))
        before = set(orthanc.identifiers())
        orthanc.put(write(ds, Path(folder) / f"{seed}.dcm"))
        (name,) = set(orthanc.identifiers()) - before
        found[name] = str(ds.SOPInstanceUID)
    return found


def stored(platform: Platform, **wanted: str) -> set[str]:
    return {
        file["head"]["sop_uid"]
        for upload in platform.uploads(**wanted)
        for file in upload["files"]
    }


def test_by_c_store(
    orthanc: Orthanc, node: Node, platform: Platform, sent: dict[str, str]
) -> None:
    modality = {"AET": "READERSTUDY", "Host": "127.0.0.1", "Port": node.port}
    assert orthanc.tell("PUT", "/modalities/platform", modality).ok
    assert orthanc.tell("POST", "/modalities/platform/echo", {}).ok
    done = orthanc.tell("POST", "/modalities/platform/store", list(sent))
    assert done.json()["FailedInstancesCount"] == 0
    assert stored(platform, peer="ORTHANC") == set(sent.values())


def test_by_stow(
    orthanc: Orthanc, site: str, platform: Platform, sent: dict[str, str]
) -> None:
    server = {"Url": site, "Username": "coordinator", "Password": PASSWORD}
    assert orthanc.tell("PUT", "/dicom-web/servers/platform", server).ok
    done = orthanc.tell(
        "POST",
        "/dicom-web/servers/platform/stow",
        {"Resources": list(sent), "Synchronous": True},
    )
    assert done.ok, done.text
    assert set(sent.values()) <= stored(platform, origin="stow")
