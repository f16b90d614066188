"""What is shipped is free to ship; docs/licences.md says so of each package."""

import pytest

from tests.supply.licences import NVIDIA, PAGE, licence_of
from tests.supply.locks import LOCKS, ROOT, locked

pytestmark = pytest.mark.pure

ROWS = {
    (name, version): (licence, images)
    for name, version, licence, images in (
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in PAGE.read_text().splitlines()
        if line.startswith("| ") and not line.startswith("| package")
    )
}
LGPL = {"psycopg", "psycopg-binary"}  # unmodified, through their public interface


def test_the_list_has_every_package_that_is_locked_and_no_other() -> None:
    """After `make lock`: make licences."""
    packages = {(one.name, one.version) for name in LOCKS for one in locked(name)}
    assert packages == ROWS.keys()


def test_every_package_says_its_licence_and_none_is_under_the_gpl() -> None:
    for (name, _), (licence, _images) in ROWS.items():
        assert licence, name
        assert "AGPL" not in licence and "Affero" not in licence
        if "GPL" in licence or "General Public" in licence:
            assert name in LGPL and licence.startswith("LGPL-3.0"), name


def test_what_is_not_free_is_in_the_cuda_image_only() -> None:
    for (name, _), (licence, images) in ROWS.items():
        if "roprietary" in licence or licence == NVIDIA:
            assert images == "worker-cuda", name


def test_the_list_is_what_the_packages_declare() -> None:
    for (name, _), (licence, _images) in ROWS.items():
        if declared := licence_of(name):
            assert declared == licence, name


def test_what_is_vendored_has_its_licence_beside_it() -> None:
    for folder in (ROOT / "static" / "vendor").iterdir():
        assert list(folder.glob("*LICEN[SC]E*")), folder
        assert folder.name in PAGE.read_text()
