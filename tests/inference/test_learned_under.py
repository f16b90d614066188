"""Weights of a sweep that learned from images of another kind than their cohort's."""

import hashlib

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from inference import computing, services
from inference.job_pages import job_row
from inference.learned import Under, learned_under
from inference.models import Weights
from inference.stability_runs.cases import cases_of, images_of
from inference.stability_runs.methods import subject_get
from inference.stability_runs.runner import open_runner
from readerstudy.cases.selectors import rendition_get, rendition_values
from readerstudy.imaging.preprocessing import to_eight_bit
from tests.factory import make_stack_cohort

from .conftest import request, run
from .runtime import graphs

pytestmark = pytest.mark.django_db
WINDOW = 0.4
CUT_OFF = "cut off at 40 % of their range"
COUNTS = "input images of 25 % of their counts"


def weights_under(**conditions) -> Weights:
    """A network that halves what it sees."""
    content = graphs.halving()

    row = Weights(
        network="onnx",
        format="onnx",
        title="Halving",
        origin="shipped",
        sha256=hashlib.sha256(content).hexdigest(),
        card={"data": {"conditions": conditions}},
    )
    row.file.save("network.onnx", ContentFile(content), save=False)
    row.save()
    return row


def made_of(cohort, job):
    for case in cohort.cases.all():
        short = rendition_values(rendition_get(case=case, method="short"))
        yield short, rendition_get(case=case, method=job.rendition_method)


def test_its_window_is_part_of_it_wherever_it_runs(cohort):
    job = run(request(cohort, "onnx", weights=weights_under(window=WINDOW)))
    assert (job.state, job.message) == ("done", "")
    for short, made in made_of(cohort, job):
        seen = np.rint(np.minimum(to_eight_bit(short) / (255 * WINDOW), 1) * 255)
        wanted = seen.astype(np.float32) / np.float32(255) * np.float32(0.5)
        np.testing.assert_array_equal(rendition_values(made), wanted)
        assert made.provenance["settings"]["window"] == WINDOW


def test_the_suite_runs_it_with_its_window(cohort):
    job = run(request(cohort, "onnx", weights=weights_under(window=WINDOW)))
    subject = subject_get(cohort, job.rendition_method)
    with open_runner(subject, lambda: None) as runner:
        for files in cases_of(cohort, job.rendition_method):
            images = images_of(files)
            method = runner.of(files, images)
            np.testing.assert_array_equal(method(images.short[None])[0], images.output)


def test_whole_stacks_are_cut_off_likewise(coordinator):
    heads = make_stack_cohort(
        cases_wanted=1, methods=("reference", "short"), shapes=((3, 64, 64),)
    )
    job = run(request(heads, "onnx", weights=weights_under(window=WINDOW)))
    [(short, made)] = made_of(heads, job)
    shares = np.clip((short.astype(np.float32) + 1024) / 4095, 0, 1)
    wanted = np.minimum(shares / WINDOW, 1) * 0.5 * 4095 - 1024
    np.testing.assert_allclose(rendition_values(made), wanted, atol=0.01)


def test_nobody_takes_counts_out_of_the_image_of_a_patient(cohort):
    job = run(request(cohort, "onnx", weights=weights_under(count_fraction=0.25)))
    for short, made in made_of(cohort, job):
        wanted = to_eight_bit(short).astype(np.float32) / np.float32(255) / 2
        np.testing.assert_array_equal(rendition_values(made), wanted)
        assert made.provenance["settings"] == {}


@pytest.mark.parametrize(
    ("conditions", "words"),
    [({"window": WINDOW}, CUT_OFF), ({"count_fraction": 0.25}, COUNTS)],
)
def test_a_coordinator_is_told_wherever_such_weights_are_offered(
    cohort, coordinator, conditions, words
):
    weights = weights_under(**conditions)
    job = services.job_request(cohort=cohort, method="onnx", weights=weights)
    client = Client()
    client.force_login(coordinator, backend="django.contrib.auth.backends.ModelBackend")
    for name, pk in (("job-list", cohort.pk), ("weights-card", weights.pk)):
        page = client.get(reverse(f"inference:{name}", args=[pk])).content.decode()
        assert words in page
    assert words in " ".join(job_row(job).notes)


@pytest.mark.parametrize(
    "told",
    [None, [], {"window": "wide"}, {"window": True}, {"window": 7}, {"window": 1.0}],
)
def test_a_card_that_tells_no_share_tells_nothing(told):
    assert learned_under({"data": {"conditions": told}}) == Under()
    assert learned_under({"data": None}) == learned_under({}) == Under()


def test_what_has_no_window_is_given_as_it_is():
    stack = np.zeros((1, 2, 2), np.uint8)
    assert computing.within(stack, None) is stack
