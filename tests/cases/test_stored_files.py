"""Voxels as files: read as they were written, and nothing else taken for them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from readerstudy.cases.storage.stored_files import mapped_voxels


@pytest.mark.parametrize("kind", [np.uint16, np.int16, np.float32, np.uint8])
@pytest.mark.parametrize("shape", [(1, 1, 1), (83, 128, 128), (2048, 3, 1000)])
def test_voxels_are_read_as_numpy_reads_them(kind, shape, tmp_path):
    voxels = np.arange(np.prod(shape)).reshape(shape).astype(kind)
    np.save(tmp_path / "1.npy", voxels, allow_pickle=False)
    found = mapped_voxels(tmp_path / "1.npy")
    assert found.dtype == kind
    np.testing.assert_array_equal(found, np.load(tmp_path / "1.npy"))
    assert not found.flags.writeable


@pytest.mark.parametrize(
    "content",
    [
        np.zeros((2, 2)),
        np.array([[["x"]]], object),
        np.zeros((2, 2, 2), complex),
        np.asfortranarray(np.zeros((2, 3, 4))),
    ],
)
def test_other_arrays_are_not_taken_for_voxels(content, tmp_path):
    np.save(tmp_path / "1.npy", content, allow_pickle=True)
    with pytest.raises(ValueError):
        mapped_voxels(tmp_path / "1.npy")


def test_what_is_cut_off_or_none_is_told(tmp_path):
    path = tmp_path / "1.npy"
    np.save(path, np.zeros((3, 4, 5), np.uint16))
    whole = path.read_bytes()
    for content in (b"", whole[:20], whole[:128], whole[:-1], b"PK" + whole[2:]):
        path.write_bytes(content)
        with pytest.raises(ValueError):
            mapped_voxels(path)


def test_several_threads_may_read_at_once(tmp_path):
    """np.load fails there now and then."""
    np.save(tmp_path / "1.npy", np.ones((3, 4, 5), np.uint16))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(mapped_voxels, [tmp_path / "1.npy"] * 2000))
    assert all(one.sum() == 60 for one in found)
