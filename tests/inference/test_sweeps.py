"""A coordinator has a factor swept: what is trained, measured and concluded."""

import pytest
from django.contrib.auth.models import User

from inference import services
from inference.models import Sweep, SweepPoint, Training, Weights
from inference.services import sweeps as sweep_services
from inference.sweep_pages import sweep_row
from inference.sweep_rows import found, point_rows
from readerstudy.audit.models import AuditEvent
from readerstudy.cases.models import Case, Cohort
from readerstudy.cases.services import cohort_divide
from readerstudy.cases.splits import Sizes
from readerstudy.imaging.errors import Refused

from .learners import ask, make_divided, run, short_recipe

pytestmark = pytest.mark.django_db


@pytest.fixture
def divided(coordinator: User) -> Cohort:
    """Three training, one validation and two test cases."""
    cohort = make_divided()
    cohort.coordinators.add(coordinator)
    return cohort


def sweep_of(cohort: Cohort, **more: object) -> Sweep:
    wanted: dict = {
        "factor": "cases",
        "levels": [1, 3],
        "seeds": [1, 2],
        "network": "unet-l1",
        "split": "test",
        "epochs": 1,
        **more,
    }
    with short_recipe():
        return services.sweep_request(cohort=cohort, **wanted)


def run_all(sweep: Sweep) -> None:
    for point in sweep.points.exclude(training=None):
        run(point.training)
    services.sweep_points_measure()


def states(sweep: Sweep) -> list[str]:
    return [row.state for row in point_rows(sweep)]


def test_every_level_and_seed_is_trained_and_measured(divided, coordinator):
    sweep = sweep_of(divided, user=coordinator)
    assert states(sweep) == ["queued"] * 4
    run_all(sweep)
    assert states(sweep) == ["measured"] * 4
    codes = {case.code for case in divided.cases.filter(split="test")}
    for point in sweep.points.all():
        assert set(point.results) == codes
        assert all(5 < one["psnr"] < 60 for one in point.results.values())
    concluded = found(sweep)
    assert [level.level for level in concluded.levels] == [1, 3]
    assert concluded.cases == 2
    assert concluded.best in (1, 3)


def test_a_level_below_all_cases_learns_from_so_many_patients_only(divided):
    sweep = sweep_of(divided)
    run_all(sweep)
    one = sweep.points.get(level=1, seed=1).training
    assert len(one.conditions["cases"]) == 1
    card = one.result.card
    assert card["data"]["split"]["training"] == {"cases": 1, "images": 5}
    learned = divided.cases.get(code=one.conditions["cases"][0])
    assert card["data"]["patients"]["training"] == [learned.patient_digest]
    assert one.conditions["cases"][0] not in str(card), "codes are the hospital's"


def test_the_level_of_all_cases_is_a_training_as_any_other(divided):
    plain = run(ask(divided, epochs=1, seed=1))
    sweep = sweep_of(divided)
    whole = sweep.points.get(level=3, seed=1)
    assert whole.training is None, "nothing is trained twice"
    assert Training.objects.count() == 1 + 3
    run_all(sweep)
    whole.refresh_from_db()
    assert whole.results
    assert states(sweep) == ["measured"] * 4
    again = sweep.points.get(level=3, seed=2).training
    assert again.conditions == {}
    assert again.data_sha256 == plain.data_sha256


def test_a_weight_of_nothing_for_the_second_loss_changes_no_bit(divided):
    plain = run(ask(divided, epochs=1, seed=1))
    sweep = sweep_of(divided, factor="loss", levels=[0, 1], seeds=[1])
    assert sweep.points.get(level=0).training is None
    run_all(sweep)
    added = sweep.points.get(level=1).training
    assert added.conditions == {"loss_weights": {"ssim": 1}}
    assert added.data_sha256 == plain.data_sha256
    assert added.result.sha256 != plain.result.sha256
    assert added.history[0]["training_loss"] > plain.history[0]["training_loss"]


@pytest.mark.parametrize("factor", ["counts", "window"])
def test_fewer_counts_and_a_narrower_window_change_the_input_alone(divided, factor):
    from inference.cohort_pairs import cohort_pairs, split_pairs

    sweep = sweep_of(divided, factor=factor, levels=[0.5, 1], seeds=[1])
    assert sweep.points.get(level=1).training.conditions == {}
    conditions = sweep.points.get(level=0.5).training.conditions
    pairs = cohort_pairs(divided, conditions)
    plain = cohort_pairs(divided)
    assert (pairs.training.reference == plain.training.reference).all()
    assert (pairs.training.short != plain.training.short).mean() > 0.3
    assert (pairs.validation.short != plain.validation.short).mean() > 0.3
    codes, measured = split_pairs(divided, "validation", conditions)
    assert codes == [divided.cases.get(split="validation").code]
    assert (measured.short == pairs.validation.short).all(), "as in the training"


def test_depth_takes_the_network_with_so_many_levels(divided):
    sweep = sweep_of(divided, factor="depth", levels=[1, 2], seeds=[1])
    networks = [p.training.network for p in sweep.points.order_by("level")]
    assert networks == ["unet-l1", "unet-l2"]


def test_no_test_case_is_opened_before_everything_is_trained(divided):
    sweep = sweep_of(divided, split="test")
    for case in divided.cases.filter(split="test"):
        for rendition in case.renditions.all():
            rendition.values.storage.delete(rendition.values.name)
    for point in sweep.points.all():
        assert run(point.training).state == "done"
    services.sweep_points_measure()
    for point in sweep.points.all():
        assert all("reason" in one for one in point.results.values())
    assert found(sweep).best is None
    assert "psnr" not in str(sweep.points.first().results)


def test_what_is_stopped_goes_on_and_nothing_is_lost(divided, coordinator):
    sweep = sweep_of(divided)
    run(sweep.points.get(level=1, seed=1).training)
    services.sweep_stop(sweep=sweep, by=coordinator)
    assert sorted(states(sweep)) == ["cancelled"] * 3 + ["measuring"]
    with pytest.raises(Refused, match="nothing can be stopped"):
        services.sweep_stop(sweep=sweep)
    services.sweep_restart(sweep=sweep, by=coordinator)
    assert sorted(states(sweep)) == ["measuring"] + ["queued"] * 3
    run_all(sweep)
    assert states(sweep) == ["measured"] * 4
    with pytest.raises(Refused, match="stopped or failed"):
        services.sweep_restart(sweep=sweep)


def test_a_point_that_failed_is_asked_for_anew_and_spoils_no_other(divided):
    sweep = sweep_of(divided)
    lost = sweep.points.get(level=1, seed=2)
    Training.objects.filter(pk=lost.training.pk).update(
        state="failed", finished_at=lost.training.created_at, message="It broke."
    )
    run_all(sweep)
    assert sorted(states(sweep)) == ["failed"] + ["measured"] * 3
    assert [len(level.seeds) for level in found(sweep).levels] == [1, 2]
    services.sweep_restart(sweep=sweep)
    run_all(sweep)
    assert states(sweep) == ["measured"] * 4


def test_a_point_whose_training_was_deleted_is_trained_again(divided):
    sweep = sweep_of(divided, seeds=[1])
    sweep.points.get(level=1).training.delete()
    assert states(sweep) == ["missing", "queued"]
    services.sweep_restart(sweep=sweep)
    assert states(sweep) == ["queued", "queued"]


def test_a_second_sweep_of_the_same_points_trains_nothing(divided):
    first = sweep_of(divided)
    run_all(first)
    trained = Training.objects.count()
    second = sweep_of(divided, split="test", margin_db=1.0)
    assert Training.objects.count() == trained
    assert states(second) == ["measuring"] * 4
    services.sweep_points_measure()
    results = {(p.level, p.seed): p.results for p in first.points.all()}
    assert results == {(p.level, p.seed): p.results for p in second.points.all()}


def test_what_a_worker_left_unmeasured_is_measured_later(divided):
    sweep = sweep_of(divided, seeds=[1])
    for point in sweep.points.all():
        run(point.training)
    assert services.sweeps_recover() == 2  # tasks run in place here
    assert states(sweep) == ["measured"] * 2
    assert services.sweeps_recover() == 0


def test_no_case_that_a_point_learned_from_is_measured(divided):
    """The cohort was divided anew between training and measuring."""
    sweep = sweep_of(divided, seeds=[1])
    for point in sweep.points.all():
        run(point.training)
    learned = sweep.points.get(level=1).training.conditions["cases"][0]
    spare = divided.cases.filter(split="test").first()
    divided.cases.filter(code=learned).update(split="test")
    divided.cases.filter(pk=spare.pk).update(split="training")
    services.sweep_points_measure()
    results = sweep.points.get(level=1).results
    assert "learned from" in results[learned]["reason"]
    assert "psnr" not in results[learned]
    assert sum("psnr" in one for one in results.values()) == 1
    assert not sweep_row(sweep, point_rows(sweep)).ended_early, "it will be no other"


def test_a_training_of_another_division_stands_for_no_point(divided):
    run(ask(divided, epochs=1, seed=1))
    sizes = Sizes(training=3, validation=1, test=2)
    cohort_divide(cohort=divided, sizes=sizes, seed="another")
    sweep = sweep_of(divided, seeds=[1])
    assert sweep.points.get(level=3).training is not None


def test_a_point_that_cannot_be_measured_keeps_no_other_from_it(divided, monkeypatch):
    sweep = sweep_of(divided, seeds=[1])
    for point in sweep.points.all():
        run(point.training)
    results = sweep_services._results

    def broken(row):
        if row.point.level == 1:
            raise RuntimeError("no memory")
        return results(row)

    monkeypatch.setattr(sweep_services, "_results", broken)
    services.sweep_points_measure()
    assert states(sweep) == ["measured"] * 2
    told = sweep.points.get(level=1).results.values()
    assert all("unexpected" in one["reason"] for one in told)
    assert sweep_row(sweep, point_rows(sweep)).ended_early, "it can be gone on with"
    monkeypatch.undo()
    services.sweep_restart(sweep=sweep)
    services.sweep_points_measure()
    assert "reason" not in str(sweep.points.get(level=1).results)


def test_a_point_that_another_sweep_trains_meanwhile_is_left_to_it(divided):
    """Stopped in one sweep, asked for anew by another, and then gone on with."""
    first = sweep_of(divided)
    services.sweep_stop(sweep=first)
    second = sweep_of(divided, margin_db=1.0)
    services.sweep_restart(sweep=first)
    assert states(first) == states(second) == ["queued"] * 4
    run_all(second)
    assert states(first) == states(second) == ["measured"] * 4


def test_a_sweep_leaves_its_trace_in_the_audit_log(divided, coordinator):
    sweep_of(divided, user=coordinator)
    event = AuditEvent.objects.get(action="sweep.request")
    assert event.actor_name == "carol"
    assert event.after["levels"] == "1, 3"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"levels": [1]}, "Levels: give 2"),
        ({"levels": [1, 1]}, "Levels: give 2"),
        ({"levels": [1, 4]}, "4 is not possible here; they lie from 1 to 3"),
        ({"levels": [1, 1.5]}, "1.5 is no whole number"),
        ({"seeds": []}, "Seeds: give 1"),
        ({"seeds": [1, -1]}, "The seed is a whole number"),
        (
            {
                "seeds": list(range(20)),
                "levels": [0.1 * k for k in range(1, 9)],
                "factor": "counts",
            },
            "make 160 trainings",
        ),
        ({"factor": "colour"}, "no factor “colour”"),
        ({"factor": "depth", "levels": [1, 2], "network": "vnet"}, "Network: depth"),
        ({"network": "gaussian"}, "is a filter"),
        ({"recipe": "long"}, "no recipe “long”"),
        ({"loss": "huber"}, "no loss “huber”"),
        ({"split": "training"}, "choose validation or test"),
        ({"split": "validation"}, "there are 1, and 2 at least"),
        ({"margin_db": 0}, "Margin:"),
        ({"margin_db": float("nan")}, "Margin:"),
        ({"epochs": 0}, "Epochs:"),
    ],
)
def test_what_makes_no_sweep_is_refused_in_words(divided, wrong, sentence):
    with pytest.raises(Refused, match=sentence):
        sweep_of(divided, **wrong)
    assert not Sweep.objects.exists()
    assert not Training.objects.exists()


def test_a_cohort_that_is_not_divided_cannot_be_swept(cohort):
    with pytest.raises(Refused, match="not divided"):
        sweep_of(cohort)
    assert SweepPoint.objects.count() == 0
    assert Weights.objects.filter(origin="trained").count() == 0
    assert Case.objects.filter(cohort=cohort).exists()
