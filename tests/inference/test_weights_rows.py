"""Weights come in: shipped ones as rows, uploaded ones checked."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from inference import registry, selectors, services
from inference.models import Weights
from inference.networks.weights import CARD_FORMAT, check_shapes, read_weights
from inference.services.weights import SHIPPED
from readerstudy.imaging.errors import Refused

from .conftest import weights_content

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage", "tried")]


def test_shipped_weights_get_one_row_each_however_often_they_are_looked_for(tmp_path):
    weights_content(tmp_path, network="unet-l1")
    weights_content(tmp_path, network="unet-l2")
    first = services.weights_sync_shipped(folder=tmp_path)
    assert services.weights_sync_shipped(folder=tmp_path) == first
    assert [w.network for w in first] == ["unet-l1", "unet-l2"]
    assert Weights.objects.count() == 2
    assert {w.origin for w in first} == {"shipped"}


def test_weights_that_were_used_stay_when_others_are_shipped(tmp_path):
    (old,) = services.weights_sync_shipped(folder=_only(tmp_path / "a", seed=1))
    (new,) = services.weights_sync_shipped(folder=_only(tmp_path / "b", seed=2))
    assert old != new
    assert selectors.weights_file(old).card.seed == 1


def _only(folder, *, seed):
    folder.mkdir()
    weights_content(folder, seed=seed)
    return folder


def test_the_weights_that_are_really_shipped_fit_their_networks():
    from inference.networks.building import parameter_shapes

    paths = sorted(SHIPPED.glob("*.safetensors"))
    assert "unet-l4" in [path.stem for path in paths]
    for path in paths:
        assert path.stat().st_size <= 3e6
        found = read_weights(path)
        spec = registry.network_get(found.card.network)
        assert spec.key == path.stem
        settings = found.card.configuration
        registry.network_configuration(spec, settings)
        shapes = parameter_shapes(spec.family, settings)
        check_shapes(found, shapes=shapes, title=spec.title)
        results = found.card.results
        assert results["psnr_db_output"]["mean"] > results["psnr_db_short"]["mean"] + 1
        for field in ("seed", "recipe", "data", "versions", "loss"):
            assert getattr(found.card, field)


def upload(user, content, name="theirs.safetensors", title=""):
    return services.weights_upload(
        file=SimpleUploadedFile(name, content), title=title, user=user
    )


def test_a_coordinator_uploads_weights_and_they_can_be_chosen(coordinator, tmp_path):
    weights = upload(coordinator, weights_content(tmp_path), title="Ours")
    assert (weights.title, weights.origin) == ("Ours", "uploaded")
    assert weights.uploaded_by == coordinator
    values = [choice.value for choice in selectors.method_choices()]
    assert values == ["gaussian", "bilateral", "nlm", f"weights-{weights.pk}"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "gaussian"}, "is a filter"),
        ({"network": "unet-l9"}, "no method 'unet-l9'"),
        ({"network": "unet-l2"}, r"filters = \[16\], but U-Net\(L2\)"),
        ({"configuration": {}}, "'filters' always"),
    ],
)
def test_weights_whose_card_does_not_fit_are_refused(
    coordinator, tmp_path, changes, words
):
    content = weights_content(tmp_path, **changes) if "network" not in changes else None
    if content is None:
        content = with_network(tmp_path, changes["network"])
    with pytest.raises(Refused, match=words):
        upload(coordinator, content)
    assert not Weights.objects.exists()


def with_network(folder, network, *, configuration=False):
    """Weights of a U-Net(L1) whose card names another network, with its settings."""
    from dataclasses import replace

    from inference.networks.weights import parse_weights, write_weights

    found = parse_weights(weights_content(folder), name="x")
    card = replace(found.card, network=network)
    if configuration:
        settings = dict(registry.METHODS[network].settings)
        card = replace(card, configuration=settings)
    path = folder / "renamed.safetensors"
    write_weights(path, card=card, parameters=found.parameters)
    return path.read_bytes()


def test_the_published_form_left_open_may_differ_but_not_the_structure(
    coordinator, tmp_path
):
    settings = dict(registry.METHODS["unet-l1"].settings)
    upload(
        coordinator,
        weights_content(
            tmp_path, configuration={**settings, "output_activation": "sigmoid"}
        ),
    )
    with pytest.raises(Refused, match="residual = True"):
        upload(
            coordinator,
            weights_content(
                tmp_path,
                configuration={
                    **settings,
                    "output_activation": "none",
                    "residual": True,
                },
            ),
        )


def test_the_same_weights_twice_are_refused_by_their_title(coordinator, tmp_path):
    content = weights_content(tmp_path)
    upload(coordinator, content, title="Ours")
    with pytest.raises(Refused, match="already here, as “Ours”"):
        upload(coordinator, content, name="copy.safetensors", title="Theirs")


@pytest.mark.parametrize("place", ["title", "tensor", "unknown"])
def test_text_that_no_page_can_show_is_refused(coordinator, tmp_path, place):
    content = weights_content(tmp_path)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    card = json.loads(header["__metadata__"][CARD_FORMAT])
    if place == "title":
        card["title"] = "half \ud800"
    elif place == "unknown":
        card["\udfff"] = ""
    else:
        header["\ud800"] = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header["__metadata__"][CARD_FORMAT] = json.dumps(card)
    text = json.dumps(header).encode()
    content = len(text).to_bytes(8, "little") + text + content[8 + length :]
    with pytest.raises(Refused, match="not valid Unicode"):
        upload(coordinator, content)
    assert not stored_weights()


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_row_that_cannot_be_written_leaves_no_file(
    coordinator, tmp_path, monkeypatch, failure
):
    def fail(**kwargs):
        raise failure

    monkeypatch.setattr("inference.services.weights.event_record", fail)
    with pytest.raises(failure):
        upload(coordinator, weights_content(tmp_path))
    assert not Weights.objects.exists()
    assert not stored_weights()


def stored_weights():
    return list((Path(settings.MEDIA_ROOT) / "weights").glob("*"))


def test_a_pickle_is_refused_before_it_is_opened(coordinator):
    with pytest.raises(Refused, match=r"net\.pth is in a format that can run"):
        upload(coordinator, b"\x80\x04K\x01.", name="net.pth")


def test_a_file_that_is_too_large_is_refused(coordinator, tmp_path, monkeypatch):
    content = weights_content(tmp_path)
    monkeypatch.setattr("inference.services.weights.UPLOAD_LIMIT", len(content) - 1)
    with pytest.raises(Refused, match="larger than"):
        upload(coordinator, content)
    monkeypatch.setattr("inference.services.weights.UPLOAD_LIMIT", len(content))
    upload(coordinator, content)
