"""The same way for every arm: what came out is clipped, kept as float32, and rounded
to 8 bits in one place only."""

import hashlib

import numpy as np
import pytest
from django.core.files.base import ContentFile

from inference import computing, filters
from inference.models import Weights
from readerstudy.cases.selectors import rendition_get, rendition_values
from readerstudy.imaging.preprocessing import to_eight_bit

from .conftest import request, run
from .runtime import graphs

pytestmark = pytest.mark.django_db


@pytest.fixture
def whole() -> Weights:
    """An ONNX file of somebody's; its output is partly below 0 and above 1."""
    content = graphs.dimming(9.0)
    row = Weights(
        network="onnx",
        format="onnx",
        title="mine",
        origin="shipped",
        sha256=hashlib.sha256(content).hexdigest(),
        card={"data": {}, "configuration": {}},
    )
    row.file.save("network.onnx", ContentFile(content), save=False)
    row.save()
    return row


def images_of(job, case) -> np.ndarray:
    return rendition_values(rendition_get(case=case, method=job.rendition_method))


def test_filter_network_and_onnx_file_go_the_same_way(
    cohort, weights, whole, monkeypatch
):
    passed = []

    def spied(output):
        passed.append(output.shape)
        return finished(output)

    finished = computing.finished
    monkeypatch.setattr(computing, "finished", spied)
    monkeypatch.setitem(
        filters.FILTERS, "gaussian", lambda images, **p: (images / 255.0 - 0.3) * 9
    )
    for method, of in (("gaussian", None), ("unet-l1", weights), ("onnx", whole)):
        passed.clear()
        job = run(request(cohort, method, weights=of))
        assert job.state == "done", job.message
        assert passed == [(5, 64, 64)] * 3
        for case in cohort.cases.all():
            values = images_of(job, case)
            assert values.dtype == np.float32
            assert values.min() >= 0
            assert values.max() <= 1


def test_an_output_is_kept_as_it_is_before_its_8_bits(cohort, whole):
    job = run(request(cohort, "onnx", weights=whole))
    for case in cohort.cases.all():
        short = rendition_values(rendition_get(case=case, method="short"))
        given = to_eight_bit(short).astype(np.float32) / np.float32(255)
        expected = ((given - np.float32(0.5)) * np.float32(9)).clip(0, 1)
        np.testing.assert_array_equal(images_of(job, case), expected)


def test_other_versions_of_what_computes_do_not_part_an_arm(cohort, whole):
    job = run(request(cohort, "onnx", weights=whole))
    one = rendition_get(case=cohort.cases.get(code="C001"), method=job.rendition_method)
    one.provenance["versions"]["onnxruntime"] = "1.0"
    one.provenance["device"] = "cuda: A GPU"
    one.save()
    again = run(request(cohort, "onnx", weights=whole))
    assert (again.state, again.output_sha256) == ("done", job.output_sha256)
    kept = rendition_get(case=one.case, method=job.rendition_method)
    assert kept.provenance == one.provenance


def test_a_case_that_a_network_cannot_do_is_named_and_spoils_no_other(cohort, whole):
    """Where it stands in a batch with others, they are computed without it."""
    content = graphs.logarithm()
    whole.file.storage.delete(whole.file.name)
    whole.file.storage.save(whole.file.name, ContentFile(content))
    Weights.objects.update(sha256=hashlib.sha256(content).hexdigest())
    whole.refresh_from_db()
    for case in cohort.cases.exclude(code="C002"):
        brighten(case)
    job = run(request(cohort, "onnx", weights=whole))
    assert (job.state, job.done) == ("failed", 2)
    assert job.message == "1 of 3 cases failed."
    assert set(job.failures) == {"C002"}
    assert "not finite numbers" in job.failures["C002"]
    assert not job.output_sha256


def brighten(case) -> None:
    """No pixel of it is black."""
    from readerstudy.cases.services import rendition_save

    values = rendition_values(rendition_get(case=case, method="short"))
    values = values.clip(0.1, None)
    rendition_save(case=case, method="short", values=values, provenance={})
