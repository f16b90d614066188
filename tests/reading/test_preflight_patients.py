"""Nobody opens a study that reads whom a network knows, or what was resampled."""

import pytest

from readerstudy.cases.learning import LEARNED_FROM
from readerstudy.cases.models import Cohort, Rendition, Series
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Study
from readerstudy.reading.preflight.checks import Finding, preflight
from readerstudy.reading.protocol.frozen import current, protocol_sha256
from tests.factory import TRAINING

from .test_verify_schedule import verify

NETWORK = {"made_by": "network", "weights_sha256": "1f2e"}


@pytest.fixture
def network(cast):
    """Say of the images called gaussian that a network made them."""

    def network(learned: str | None, *codes: str) -> None:
        for image in Rendition.objects.filter(
            case__cohort=cast.cohort, method="gaussian"
        ).select_related("case"):
            said = {} if learned is None else {LEARNED_FROM: "no"}
            if image.case.code in codes and learned is not None:
                said = {LEARNED_FROM: learned}
            image.provenance = NETWORK | said
            image.save(update_fields=["provenance"])

    return network


@pytest.fixture
def draft(make_draft, cast):
    def draft(**settings: object) -> Study:
        study = make_draft(**settings)
        services.arm_add(study=study, method="gaussian", title="U-Net")
        return study

    return draft


def refused(study: Study, cast) -> str:
    with pytest.raises(Refused) as refusal:
        services.study_open(study=study, by=cast.coordinator)
    study.refresh_from_db()
    assert study.state == Study.State.DRAFT
    return str(refusal.value)


def test_a_network_that_never_met_the_patients_is_read(draft, network, cast):
    network("no")
    study = draft()
    assert preflight(study) == []
    assert services.study_open(study=study, by=cast.coordinator).state == "open"


def test_patients_whom_a_network_learned_from_are_not_read_in_its_arm(
    draft, network, cast
):
    network("training", "C002", "C004")
    study = draft()
    assert preflight(study) == [
        Finding(
            "The network of the arm “U-Net” learned from the patients of 2 cases, "
            "which cannot be read in it: C002, C004.",
            "study",
        )
    ]
    assert "C002, C004" in refused(study, cast)
    services.study_update(
        study=study,
        arms=[services.ArmChoice(a.method, a.title, a.role) for a in study.arms.all()],
        readers=[cast.reader],
        case_codes=["C001", "C003"],
    )
    study.refresh_from_db()
    assert services.study_open(study=study, by=cast.coordinator).state == "open"


def test_nor_are_patients_by_whom_it_was_chosen(draft, network, cast):
    network("validation", "C001")
    assert "was chosen by the patient of 1 case," in refused(draft(), cast)


def test_other_arms_of_the_same_patients_are_read(make_draft, network, cast):
    network("training", "C001", "C002", "C003", "C004")
    assert preflight(make_draft()) == []


@pytest.mark.parametrize(
    ("learned", "said"),
    [
        ("unknown", "The weights of the arm “U-Net” do not say which patients"),
        (None, "Images of the arm “U-Net” do not say which patients"),
        ("nonsense", "Images of the arm “U-Net” do not say which patients"),
    ],
)
def test_a_network_that_does_not_say_whom_it_knows_is_not_read(
    draft, network, cast, learned, said
):
    network(learned, "C001")
    assert said in refused(draft(), cast)


def test_nothing_changes_between_the_last_look_and_the_plan(
    make_draft, cast, monkeypatch
):
    """The cohort is frozen before it is looked at; a refusal lets it go again."""
    Cohort.objects.filter(pk=cast.cohort.pk).update(frozen_at=None)
    seen = []

    def look(study: Study) -> list[Finding]:
        seen.append(Cohort.objects.get(pk=study.cohort_id).frozen_at)
        return [Finding("Not yet.", "study")]

    monkeypatch.setattr("readerstudy.reading.services.studies.preflight", look)
    assert refused(make_draft(), cast) == "Not yet."
    assert seen[0] is not None
    assert Cohort.objects.get(pk=cast.cohort.pk).frozen_at is None


def resample(cast, code: str) -> None:
    Series.objects.filter(case__cohort=cast.cohort, case__code=code).update(
        resampled_from={"shape": [40, 64, 64], "spacing_mm": [4.4, 4.4, 4.4]}
    )


def test_resampled_cases_are_read_only_if_the_protocol_allows_it(make_draft, cast):
    resample(cast, "C003")
    study = make_draft()
    assert preflight(study) == [
        Finding(
            "Scans of 1 case were resampled to pixels of 3.29 mm, which this "
            "protocol does not allow: C003.",
            "study",
        )
    ]
    assert "resampled" in refused(study, cast)
    allowed = make_draft(slug="allowed", resampling_allowed=True)
    opened = services.study_open(study=allowed, by=cast.coordinator)
    assert opened.protocol["version"] == 6
    assert opened.protocol["cohort"]["resampling_allowed"] is True


def test_a_resampled_case_that_is_not_read_stands_in_no_ones_way(make_draft, cast):
    resample(cast, "C003")
    assert preflight(make_draft(case_codes=["C001", "C002"])) == []


def test_readers_are_not_trained_with_resampled_cases_either(make_draft, cast):
    resample(cast, TRAINING[0].case)
    assert "resampled" in refused(make_draft(training=TRAINING), cast)


def test_a_study_opened_under_the_third_version_still_verifies(cast):
    study = cast.study
    kept = {**study.protocol, "version": 3}
    kept["cohort"] = {
        key: value
        for key, value in kept["cohort"].items()
        if key != "resampling_allowed"
    }
    Study.objects.filter(pk=study.pk).update(
        protocol=kept, protocol_sha256=protocol_sha256(kept)
    )
    study.refresh_from_db()
    said, passed = verify(study)
    assert passed, said
    services.protocol_amend(
        study=study, by=cast.coordinator, reason="A feast.", washout_days=30
    )
    said, passed = verify(study)
    assert passed, said
    assert "resampling_allowed" not in current(study)["cohort"]
