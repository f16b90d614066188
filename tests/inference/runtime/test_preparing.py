"""Weights become a network that runs without torch, once."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from inference import runtime
from inference.runtime import NetworkFile, preparing, torch_child
from inference.runtime.limits import EXPORTING
from inference.runtime.session import Session, start_torch
from readerstudy.imaging.errors import Refused
from tests.inference.conftest import weights_content

from .graphs import halving, images

pytestmark = pytest.mark.pure
SHIPPED = Path(__file__).resolve().parents[3] / "inference" / "weights"


@pytest.fixture
def weights(tmp_path: Path) -> NetworkFile:
    return NetworkFile("safetensors", weights_content(tmp_path), "small.safetensors")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def exports(monkeypatch) -> list[NetworkFile]:
    """What was exported; no process is started for it."""
    made: list[NetworkFile] = []

    def export(file: NetworkFile) -> runtime.Prepared:
        made.append(file)
        return runtime.Prepared(file, b"the\nnetwork", 1e-7)

    monkeypatch.setattr(preparing, "_exported", export)
    return made


def test_a_whole_network_is_run_as_it_is(cache: Path) -> None:
    file = NetworkFile("onnx", halving(), "mine.onnx")
    prepared = runtime.prepare(file, cache=cache)
    assert prepared.content == file.content
    assert not cache.exists()


def test_shipped_weights_run_and_differ_from_torch_by_nearly_nothing(
    cache: Path,
) -> None:
    content = (SHIPPED / "unet-l4.safetensors").read_bytes()
    file = NetworkFile("safetensors", content, "U-Net")
    prepared = runtime.prepare(file, cache=cache)
    assert prepared.difference is not None
    assert prepared.difference <= 1e-5
    stacks = images(2)
    with runtime.open_session(prepared) as session:
        ours = session.predict(stacks)
    assert np.abs(ours - by_torch(prepared, stacks)).max() <= 1e-5


def by_torch(prepared: runtime.Prepared, stacks: np.ndarray) -> np.ndarray:
    """As a GPU's worker has it, on the processor."""
    process, told = start_torch(prepared, limits=EXPORTING)
    try:
        assert told["network_blocked"]
        file = prepared.file
        asked = {"file": file.content, "name": file.title, "device": "cpu"}
        process.ask(asked, limit_s=60)
        session = Session(process, told)
        together, alone = session.predict(stacks), session.predict(stacks[1:])
    finally:
        process.stop()
    assert together[1:].tobytes() == alone.tobytes()
    return together


@pytest.mark.parametrize("shape", [(17, 5, 64, 64), (1, 120, 64, 64)])
def test_a_gpu_is_only_ever_given_full_batches(monkeypatch, shape) -> None:
    """Of sixteen cases, or of so many slices of a large stack."""
    given: list[int] = []

    def computed(network: object, images: np.ndarray, *, device: str) -> np.ndarray:
        given.append(len(images))
        return images.astype(np.float32)

    monkeypatch.setattr(torch_child, "computed", computed)
    network = SimpleNamespace(configuration=SimpleNamespace(in_channels=1))
    stacks = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
    output = torch_child.in_full_batches(network, stacks, "cuda")
    assert given == [torch_child.BATCH] * 2 == [80, 80]
    assert np.array_equal(output, stacks)


def test_an_export_is_made_once(weights, cache, exports) -> None:
    first = runtime.prepare(weights, cache=cache)
    again = runtime.prepare(weights, cache=cache)
    assert len(exports) == 1
    assert again == first
    assert [path.name for path in cache.iterdir()] == [
        preparing.export_name(weights.content)
    ]


def test_two_who_export_the_same_at_once_do_not_meet(
    weights, cache, exports, monkeypatch
) -> None:
    keep = preparing._keep
    replace = Path.replace

    def meanwhile(self: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "replace", replace)
        keep(runtime.Prepared(weights, b"the\nnetwork", 1e-7), target)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", meanwhile)
    first = runtime.prepare(weights, cache=cache)
    assert runtime.prepare(weights, cache=cache) == first
    assert len(exports) == len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("damage", ["cut off", "changed", "empty", "no head"])
def test_one_that_was_damaged_is_made_again(weights, cache, exports, damage) -> None:
    first = runtime.prepare(weights, cache=cache)
    (path,) = cache.iterdir()
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut off": content[:-1],
            "changed": content[:-1] + bytes([content[-1] ^ 1]),
            "empty": b"",
            "no head": first.content,
        }[damage]
    )
    assert runtime.prepare(weights, cache=cache).content == first.content
    assert len(exports) == 2
    assert path.read_bytes() == content


def test_other_versions_make_another(weights, cache, exports, monkeypatch) -> None:
    runtime.prepare(weights, cache=cache)
    monkeypatch.setattr(preparing, "version", lambda package: "9.9")
    runtime.prepare(weights, cache=cache)
    assert len(exports) == 2


def test_one_that_differs_from_its_network_is_not_used(
    weights, cache, monkeypatch
) -> None:
    monkeypatch.setattr(preparing, "MOST_DIFFERENT", -1.0)
    with pytest.raises(Refused, match="export differs from the network by"):
        runtime.prepare(weights, cache=cache)
    assert not cache.exists()


def test_weights_of_another_network_are_refused_in_words(tmp_path: Path) -> None:
    content = weights_content(tmp_path, network="unet-l1").replace(
        b'\\"network\\": \\"unet-l1\\"', b'\\"network\\": \\"unet-l2\\"'
    )
    file = NetworkFile("safetensors", content, "wrong.safetensors")
    with pytest.raises(Refused, match="These weights say filters"):
        runtime.prepare(file, cache=tmp_path / "kept")
