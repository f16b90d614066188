"""What a job makes: one image of every case, or the reason why it could not."""

import numpy as np
import pytest
from django.core.files.base import ContentFile

from inference import filters, registry
from inference.services import running
from readerstudy.cases.integrity import parity_differences
from readerstudy.cases.models import Rendition
from readerstudy.cases.selectors import rendition_get, rendition_values
from readerstudy.cases.services import cohort_freeze, rendition_save
from readerstudy.imaging.preprocessing import to_eight_bit

from .conftest import made, request, run

pytestmark = pytest.mark.django_db


def test_a_filter_makes_the_image_of_every_case_from_its_short_scan(cohort):
    job = run(request(cohort))
    assert (job.state, job.done, job.total, job.message) == ("done", 3, 3, "")
    assert job.finished_at
    for case in cohort.cases.all():
        rendition = rendition_get(case=case, method="gaussian")
        short = rendition_get(case=case, method="short")
        expected = filters.gaussian(
            to_eight_bit(rendition_values(short)),
            **registry.METHODS["gaussian"].settings,
        )
        np.testing.assert_array_equal(rendition_values(rendition), expected)
        assert rendition.provenance["input_sha256"] == short.sha256
        assert rendition.provenance["settings"] == dict(
            registry.METHODS["gaussian"].settings
        )


def test_a_network_makes_images_under_its_name_and_weights(cohort, weights):
    from inference.prediction import load_network, predict
    from inference.selectors import weights_file

    job = run(request(cohort, "unet-l1", weights=weights))
    assert job.state == "done", job.message
    name = f"unet-l1@{weights.sha256[:12]}"
    assert job.rendition_method == name
    network = load_network(weights_file(weights))
    for case in cohort.cases.all():
        rendition = rendition_get(case=case, method=name)
        images = to_eight_bit(
            rendition_values(rendition_get(case=case, method="short"))
        )
        np.testing.assert_allclose(
            rendition_values(rendition),
            predict(network, images[None], in_channels=1)[0],
            atol=1e-6,
        )
        assert rendition.provenance["weights_sha256"] == weights.sha256
        assert rendition.provenance["engine"] == "onnxruntime"
        assert rendition.provenance["versions"]["onnxruntime"]


def test_cases_that_are_done_are_not_computed_again(cohort, monkeypatch):
    run(request(cohort))
    cohort.cases.get(code="C002").renditions.get(method="gaussian").delete()
    computed = []

    def spy(images, **parameters):
        computed.append(images)
        return filters.gaussian(images, **parameters)

    monkeypatch.setitem(filters.FILTERS, "gaussian", spy)
    assert run(request(cohort)).state == "done"
    assert len(computed) == 1
    assert len(made(cohort)) == 3


@pytest.mark.parametrize("content", [None, b"something else"])
@pytest.mark.parametrize("frozen", [False, True])
def test_an_image_whose_file_was_lost_or_damaged_is_made_again(cohort, content, frozen):
    run(request(cohort))
    before = made(cohort)
    if frozen:
        cohort_freeze(cohort=cohort)
    lost = cohort.cases.get(code="C002").renditions.get(method="gaussian")
    storage, name = lost.values.storage, lost.values.name
    storage.delete(name)
    if content is not None:
        storage.save(name, ContentFile(content))
    job = run(request(cohort))
    assert (job.state, job.done, job.failures) == ("done", 3, {})
    assert made(cohort) == before
    for rendition in Rendition.objects.filter(method="gaussian"):
        rendition_values(rendition)


def test_a_bad_case_is_named_and_spoils_no_other(cohort):
    broken, missing = cohort.cases.filter(code__in=["C001", "C003"])
    file = broken.renditions.get(method="short").values
    file.storage.delete(file.name)
    file.storage.save(file.name, ContentFile(b"something else"))
    missing.renditions.get(method="short").delete()
    job = run(request(cohort))
    assert job.state == "failed"
    assert job.message == "2 of 3 cases failed."
    assert "has been changed" in job.failures["C001"]
    assert job.failures["C003"] == "It has no image of the short scan."
    assert made(cohort).keys() == {"C002"}
    assert job.done == 1


def test_an_unexpected_error_is_told_in_plain_words_and_logged(
    cohort, monkeypatch, caplog
):
    def explode(images, **parameters):
        raise ZeroDivisionError("secret path /srv")

    monkeypatch.setitem(filters.FILTERS, "gaussian", explode)
    job = run(request(cohort))
    assert job.state == "failed"
    assert set(job.failures.values()) == {running.UNEXPECTED}
    assert "secret path" in caplog.text


def test_an_output_that_is_not_a_number_is_not_stored(cohort, monkeypatch):
    monkeypatch.setitem(
        filters.FILTERS, "gaussian", lambda images, **p: np.full(images.shape, np.nan)
    )
    job = run(request(cohort))
    assert "not numbers" in job.failures["C001"]
    assert not made(cohort)


def test_weights_whose_file_was_changed_fail_the_job_with_the_reason(cohort, weights):
    storage, name = weights.file.storage, weights.file.name
    content = bytearray(storage.open(name).read())
    content[-1] ^= 1
    storage.delete(name)
    storage.save(name, ContentFile(bytes(content)))
    job = run(request(cohort, "unet-l1", weights=weights))
    assert (job.state, job.done) == ("failed", 0)
    assert "has been changed" in job.message


def test_slices_corrected_meanwhile_do_not_get_the_image_of_the_old_ones(
    cohort, monkeypatch
):
    case = cohort.cases.get(code="C001")

    def correct_meanwhile(images, **parameters):
        values = np.full((5, 64, 64), 0.5, dtype=np.float32)
        rendition_save(case=case, method="short", values=values, provenance={})
        return filters.gaussian(images, **parameters)

    monkeypatch.setitem(filters.FILTERS, "gaussian", correct_meanwhile)
    job = run(request(cohort))
    assert "changed meanwhile" in job.failures["C001"]
    assert "C001" not in made(cohort)


def test_an_image_of_a_short_image_that_was_replaced_is_made_again(cohort):
    run(request(cohort))
    before = made(cohort)
    case = cohort.cases.get(code="C002")
    values = np.full((5, 64, 64), 0.5, dtype=np.float32)
    short = rendition_save(case=case, method="short", values=values, provenance={})
    assert parity_differences([case])
    assert run(request(cohort)).state == "done"
    again = rendition_get(case=case, method="gaussian")
    assert again.provenance["input_sha256"] == short.sha256
    changed = {code for code, sha256 in made(cohort).items() if before[code] != sha256}
    assert changed == {"C002"}
    assert not parity_differences([case])


def test_images_made_with_other_settings_are_not_mixed_into_one_arm(cohort):
    job = run(request(cohort))
    one = cohort.cases.get(code="C001").renditions.get(method="gaussian")
    one.provenance["settings"] = {"standard_deviation_px": 9.0}
    one.save()
    job = run(request(cohort))
    assert job.state == "failed"
    assert "other settings" in job.message
