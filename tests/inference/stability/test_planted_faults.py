"""Every fault that is planted is caught by the number meant for it, at the usual
limits; honest arms pass them all."""

import pytest

from readerstudy.imaging.stability_measures import MEASURES

from .faults import BESIDE, PLANTED
from .patients import (
    arm_of_images,
    arm_of_method,
    beyond,
    gaussian,
    training_mean,
    unet,
    unet_images,
)
from .test_planted_answers import FAULTS

# whose faults need more than an image or one method, in the tests beside this one
ELSEWHERE = {
    "repeat-icc-right",  # a striatum that changes with the noise: test_planted_answers
    "repeat-icc-left",
    "gain-adversarial",  # a weak direction: test_responses
    "dose-reversal",  # made for few counts: test_responses
    "data-deviance",  # another patient's image: test_rescans
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_caught_by_the_number_meant_for_it(name: str) -> None:
    fault, key = PLANTED[name]

    arm = arm_of_images({n: fault(image) for n, image in unet_images().items()})

    assert key in beyond(arm), arm.measures[key]


@pytest.mark.parametrize("name", BESIDE)
def test_a_planted_fault_is_taken_for_no_other_beside_it(name: str) -> None:
    fault, wrong, right = BESIDE[name]

    arm = arm_of_images({n: fault(image) for n, image in unet_images().items()})

    assert beyond(arm) & (wrong | right) == wrong


def test_every_measure_with_a_limit_has_a_fault_that_it_catches() -> None:
    caught = {key for _, key in PLANTED.values()}
    for _, wrong, _ in (*BESIDE.values(), *FAULTS.values()):
        caught |= wrong

    limited = {key for key, measure in MEASURES.items() if measure.limit is not None}
    assert limited - caught == ELSEWHERE


def test_an_invented_nodule_is_taken_for_nothing_else() -> None:
    fault, _ = PLANTED["invented nodule"]

    arm = arm_of_images({n: fault(image) for n, image in unet_images().items()})

    others = {"deformation", "laterality", "severity-slope", "omission-striatum"}
    assert not beyond(arm) & others


def test_a_nodule_in_one_patient_alone_is_found_as_a_case() -> None:
    fault, _ = PLANTED["invented nodule"]
    images = dict(unet_images())
    images[2] = fault(images[2])

    arm = arm_of_images(images)

    assert "hallucination-cases" in beyond(arm)
    assert arm.worst["hallucination-cases"][0] == "C002"


def test_the_shipped_network_passes_all() -> None:
    arm = arm_of_method(unet())

    assert beyond(arm) == set()
    told = {key for key, finding in arm.measures.items() if finding.value is not None}
    assert told == set(MEASURES) - {"data-deviance"}


def test_a_mild_filter_passes_all() -> None:
    assert beyond(arm_of_method(gaussian)) == set()


def test_an_arm_that_copies_the_training_mean_shows_nothing_that_is_put_in() -> None:
    def run(stacks):
        return training_mean()[None].repeat(len(stacks), axis=0)

    arm = arm_of_method(run)

    assert {
        "severity-slope",
        "insert-shown",
        "deficit-shown",
        "removal-shown",
        "painted-erased",
        "painted-organ",
        "painted-constant",
    } <= beyond(arm)
    assert arm.measures["removal-shown"].value == pytest.approx(0, abs=1e-6)
    # it is perfectly repeatable: no single number is enough
    assert arm.measures["repeat-noise"].value == pytest.approx(0, abs=1e-3)
