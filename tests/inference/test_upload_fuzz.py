"""Files damaged in every way: a refusal, or a network; nothing else, and no trace."""

import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.models import Weights
from inference.runtime.onnx_checks import OnnxNetwork, check_onnx
from readerstudy.imaging.errors import Refused

from .conftest import weights_content
from .onnx_files import FILES, TORCH, as_keras, small, with_card
from .uploads import nothing_is_left

WHOLE = {
    "torch": (FILES / TORCH[1]).read_bytes(),
    "keras": as_keras(),
    "small": with_card(small(), '{"title": "x"}'),
}
FIELDS = {
    "title": "Damaged",
    "origin": "o",
    "licence": "l",
    "training_data": "d",
    "learned_from": "nobody",
}
SLOWEST_S = 150  # of one upload: the probe's limits, on a machine that is busy


@st.composite
def damaged(draw, whole):
    """Some bytes changed, and perhaps cut off, doubled or moved."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(0, 6))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    how = draw(st.sampled_from(["as it is", "cut", "more", "turned", "lost"]))
    at = draw(st.integers(0, len(content) - 1))
    if how == "cut":
        del content[at:]
    elif how == "more":
        content += draw(st.binary(min_size=1, max_size=40))
    elif how == "turned":
        content = content[at:] + content[:at]
    elif how == "lost":
        del content[at : at + draw(st.integers(1, 40))]
    return bytes(content)


@pytest.mark.pure
@pytest.mark.parametrize("kind", sorted(WHOLE))
@settings(max_examples=200)
@given(data=st.data())
def test_no_damage_to_an_onnx_file_is_more_than_a_refusal(kind, data):
    content = data.draw(damaged(WHOLE[kind]))
    try:
        found = check_onnx(content, name="theirs.onnx")
    except Refused as refusal:
        assert len(str(refusal)) < 1000
        return
    assert isinstance(found, OnnxNetwork)


def upload(client, name, content):
    start = time.monotonic()
    file = SimpleUploadedFile(name, content or b"\0")
    response = client.post(
        reverse("inference:weights-upload"), {"file": file, **FIELDS}
    )
    assert time.monotonic() - start < SLOWEST_S
    return response


def taken_or_refused(response):
    """Either the row and its page, or a sentence beside the file and no trace."""
    if response.status_code == 302:
        Weights.objects.get().file.delete(save=False)
        Weights.objects.all().delete()
        return "taken"
    assert response.status_code == 422
    errors = response.context["form"].errors
    assert set(errors) == {"file"}, dict(errors)
    assert nothing_is_left_but_events()
    return "refused"


def nothing_is_left_but_events():
    """Of those that were taken before, the audit log keeps its events."""
    from pathlib import Path

    from django.conf import settings as django_settings

    kept = Path(django_settings.MEDIA_ROOT) / "weights"
    return not list(kept.glob("*")) and not Weights.objects.exists()


QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.django_db
@pytest.mark.usefixtures("own_storage", "tried")
@settings(QUIET, max_examples=150)
@given(data=st.data())
def test_no_damage_to_a_safetensors_file_is_more_than_a_refusal(
    client, coordinator, tmp_path_factory, data
):
    client.force_login(coordinator)
    whole = weights_content(tmp_path_factory.mktemp("w"))
    # most of the file is numbers: damage where it matters, in the header
    head = data.draw(damaged(whole[:1200]))
    content = head + whole[1200:] if data.draw(st.booleans()) else head
    taken_or_refused(upload(client, "theirs.safetensors", content))


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.usefixtures("own_storage")
@settings(QUIET, max_examples=8, derandomize=True)
@given(data=st.data())
def test_damaged_networks_are_tried_for_what_they_are(client, coordinator, data):
    """With the process that tries them: what the checks let through is run."""
    client.force_login(coordinator)
    content = data.draw(damaged(WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))]))
    taken_or_refused(upload(client, "theirs.onnx", content))


@pytest.mark.django_db
@pytest.mark.usefixtures("own_storage")
def test_a_crash_of_the_process_is_a_sentence(client, coordinator, monkeypatch):
    """Should a file ever take its process down, nobody sees more than that."""
    from inference import runtime

    def probe(file, *, cache):
        raise runtime.NetworkFailedError("The network ended its process by signal 11.")

    monkeypatch.setattr(runtime, "probe", probe)
    client.force_login(coordinator)
    response = upload(client, "theirs.onnx", small())
    assert "signal 11" in response.context["form"].errors["file"][0]
    assert nothing_is_left()
