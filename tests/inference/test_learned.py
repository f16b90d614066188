"""Weights say whom they learned from, and their images say it of their patient."""

import json

import pytest

from inference import services
from inference.building import TRAINING_CASES, TRAINING_SEED, VALIDATION_CASES
from inference.card_page import card_page
from inference.learned import Known
from inference.models import Weights
from inference.services.weights import weights_sync_shipped
from readerstudy.cases.digests import patient_digest
from readerstudy.cases.learning import LEARNED_FROM, Learned
from readerstudy.cases.models import Case, Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services as reading
from readerstudy.reading.preflight.checks import preflight
from tests.cast import make_user

from .conftest import request, run, weights_content

pytestmark = pytest.mark.django_db


def simulated(index: int, seed: int = TRAINING_SEED) -> str:
    return patient_digest(f"SIM{seed}-{index + 1:04d}")


@pytest.fixture
def digests(cohort) -> dict[str, str]:
    """Case code → digest of its patient, as hospitals' cohorts have them."""
    found = {}
    for case in cohort.cases.all():
        case.patient_digest = patient_digest(case.code)
        case.save()
        found[case.code] = case.patient_digest
    return found


@pytest.fixture
def add(tmp_path):
    def add(**data: object) -> Weights:
        described = {"description": "a hospital's", "sha256": "0" * 64, **data}
        return services.weights_add(
            content=weights_content(tmp_path, data=described),
            name="random.safetensors",
            origin=Weights.Origin.SHIPPED,
        )

    return add


def said(cohort) -> dict[str, str | None]:
    """Case code → what its image by the network says."""
    images = Rendition.objects.filter(
        case__cohort=cohort, provenance__made_by="network"
    )
    return {
        code: provenance.get(LEARNED_FROM)
        for code, provenance in images.values_list("case__code", "provenance")
    }


def test_images_say_what_their_patient_was_to_the_network(cohort, digests, add):
    weights = add(
        patients={"training": [digests["C001"]], "validation": [digests["C003"]]}
    )
    assert run(request(cohort, "unet-l1", weights=weights)).state == "done"
    assert said(cohort) == {"C001": "training", "C002": "no", "C003": "validation"}


@pytest.mark.parametrize(
    ("first", "second", "worst"),
    [
        ("no", "training", "training"),
        ("no", "validation", "validation"),
        ("validation", "training", "training"),
        ("training", "validation", "training"),
        ("no", "no", "no"),
    ],
)
def test_a_patient_under_two_ids_is_known_by_either(
    cohort, digests, add, first, second, worst
):
    """Somebody accepted a pair whose scans bear two ids; the worse of both stands."""
    ids = {"training": "a" * 64, "validation": "b" * 64, "no": "c" * 64}
    weights = add(patients={part: [ids[part]] for part in ("training", "validation")})
    Case.objects.filter(cohort=cohort, code="C002").update(
        patient_digest=ids[first], second_patient_digest=ids[second]
    )
    run(request(cohort, "unet-l1", weights=weights))
    assert said(cohort) == {"C001": "no", "C002": worst, "C003": "no"}


def test_a_patient_is_known_by_an_id_that_only_another_of_the_cases_bears(
    cohort, digests, add, coordinator
):
    """C002 shows that C001 and somebody who was learned from are one patient."""
    weights = add(patients={"training": ["a" * 64], "validation": []})
    Case.objects.filter(cohort=cohort, code="C002").update(
        patient_digest="a" * 64, second_patient_digest=digests["C001"]
    )
    run(request(cohort, "unet-l1", weights=weights))
    assert said(cohort) == {"C001": "training", "C002": "training", "C003": "no"}
    cohort.coordinators.add(coordinator)
    (blocked,) = card_page(weights, coordinator).blocked
    assert (blocked.cases, blocked.training, blocked.validation) == (3, 2, 0)


def test_weights_that_are_silent_make_images_that_say_so(cohort, weights):
    run(request(cohort, "unet-l1", weights=weights))
    assert set(said(cohort).values()) == {"unknown"}


def test_images_of_an_earlier_version_are_made_again_and_then_say_it(
    cohort, digests, add
):
    weights = add(patients={"training": [], "validation": []})
    run(request(cohort, "unet-l1", weights=weights))
    before = dict(Rendition.objects.values_list("pk", "sha256"))
    image = Rendition.objects.get(case__code="C002", provenance__made_by="network")
    del image.provenance[LEARNED_FROM]
    image.save()
    run(request(cohort, "unet-l1", weights=weights))
    assert said(cohort) == dict.fromkeys(("C001", "C002", "C003"), "no")
    assert dict(Rendition.objects.values_list("pk", "sha256")) == before


def test_a_study_of_the_networks_own_patients_is_not_opened(
    cohort, coordinator, digests, add
):
    """From the weights' card to the refusal, and round it with a part of the cohort."""
    weights = add(
        patients={"training": [digests["C002"]], "validation": [digests["C003"]]}
    )
    run(request(cohort, "unet-l1", weights=weights))
    method = Rendition.objects.filter(provenance__made_by="network")[0].method
    Case.objects.filter(cohort=cohort, code="C002").update(split="training")
    study = reading.study_create(
        slug="own",
        title="Own",
        cohort=cohort,
        coordinator=coordinator,
        sessions=1,
        spacing=0,
        arms=[
            reading.ArmChoice("reference", "Reference", "reference"),
            reading.ArmChoice(method, "Network"),
        ],
        readers=[make_user("reader")],
        statisticians=[make_user("statistician")],
    )
    told = [finding.message for finding in preflight(study)]
    assert len(told) == 2
    assert "learned from the patient of 1 case," in told[0]
    assert "C002" in told[0]
    assert "was chosen by the patient of 1 case," in told[1]
    assert "C003" in told[1]
    with pytest.raises(Refused, match="C002"):
        reading.study_open(study=study, by=coordinator)


def test_the_shipped_weights_know_simulated_patients_only(cohort, digests):
    last = TRAINING_CASES + VALIDATION_CASES - 1
    shipped = weights_sync_shipped()
    assert len(shipped) > 1
    for weights in shipped:
        known = Known(weights.card)
        assert {known.learned(digest) for digest in digests.values()} == {Learned.NOT}
        assert known.learned(simulated(0)) == "training"
        assert known.learned(simulated(TRAINING_CASES - 1)) == "training"
        assert known.learned(simulated(TRAINING_CASES)) == "validation"
        assert known.learned(simulated(last)) == "validation"
        assert known.learned(simulated(last + 1)) == "no"
        assert known.learned(simulated(0, seed=7)) == "no"


@pytest.mark.parametrize(
    "data",
    [
        {"patients": {"training": []}},
        {"patients": {"training": ["Yamada Taro"], "validation": []}},
        {"patients": {"training": "a" * 64, "validation": []}},
        {"patients": ["a" * 64]},
        {"simulation_seed": 1},
        {"simulation_seed": 1, "split": {"training": {"cases": [0, 10**9]}}},
        {
            "simulation_seed": 1,
            "split": {
                "training": {"cases": [0, 10**9]},
                "validation": {"cases": [0, 1]},
            },
        },
    ],
    ids=json.dumps,
)
def test_a_card_that_does_not_say_it_rightly_is_refused(add, data):
    with pytest.raises(Refused, match="does not say rightly which patients"):
        add(**data)


def test_a_poor_card_of_an_earlier_version_is_taken_for_silent():
    assert Known({"data": {"simulation_seed": 3}}).learned("x") == "unknown"
