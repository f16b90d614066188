"""Runs of the stability suite as jobs: resumed, cancelled, with the arm's own code."""

import errno
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.utils import timezone

from inference import services, stability
from inference.models import StabilityRun
from inference.services import stability_running
from inference.stability.doses import NO_DOSES
from inference.stability_runs.cases import cases_of, images_of
from readerstudy.audit.models import AuditEvent
from readerstudy.cases.digests import patient_digest
from readerstudy.cases.learning import LEARNED_FROM, Learned
from readerstudy.cases.models import Rendition, Stability, StabilityCase
from readerstudy.cases.pages.stability import case_png
from readerstudy.cases.selectors import rendition_values
from readerstudy.cases.selectors.stability import stability_cases, stability_maps
from readerstudy.cases.services import rendition_save
from readerstudy.imaging.errors import Refused
from readerstudy.simulation.patient import draw_patient
from tests.factory import head_image, make_stack_cohort
from tests.stability import MAPS, StandIn

from .conftest import request, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]
METHOD = "gaussian"


@pytest.fixture
def stand_in(monkeypatch) -> StandIn:
    suite = StandIn()
    for name in ("measure_case", "measure_arm"):
        monkeypatch.setattr(stability, name, getattr(suite, name))
    return suite


@pytest.fixture
def filtered(cohort):
    run(request(cohort))
    return cohort


def ask(cohort, method: str = METHOD, **more) -> StabilityRun:
    return services.stability_request(cohort=cohort, method=method, call=False, **more)


def do(row: StabilityRun, **more) -> StabilityRun:
    services.stability_run(run_id=row.pk, **more)
    row.refresh_from_db()
    return row


def test_every_case_is_looked_at_and_kept_with_its_maps(filtered, stand_in):
    row = do(ask(filtered))
    assert (row.state, row.done, row.total) == ("done", 3, 3)
    kept = Stability.objects.get(cohort=filtered, method=METHOD)
    assert kept.suite == stability.SUITE
    assert kept.measures["mirror-error"]["n"] == 3
    assert [one.case.code for one in stability_cases(kept)] == ["C001", "C002", "C003"]
    for one in stability_cases(kept):
        assert one.numbers["mirror-error"] == 2.0
        assert one.numbers["laterality"] is None
        assert list(stability_maps(one)) == list(MAPS)


def test_the_suite_is_given_the_very_images_that_a_job_makes(filtered, stand_in):
    do(ask(filtered))
    for image in Rendition.objects.filter(method=METHOD).select_related("case"):
        stored = rendition_values(image)
        np.testing.assert_array_equal(stand_in.outputs[image.case.code], stored)
        np.testing.assert_array_equal(stand_in.images[image.case.code].output, stored)


def test_a_run_that_was_killed_goes_on_with_the_cases_that_are_missing(
    filtered, stand_in
):
    row = ask(filtered)

    def killed(code):
        if code == "C003":
            raise SystemExit

    stand_in.before.append(killed)
    with pytest.raises(SystemExit):
        do(row)
    StabilityRun.objects.update(state="queued", claimed_by="")
    stand_in.before.clear()
    stand_in.asked.clear()
    assert do(row).state == "done"
    assert stand_in.asked == ["C003"]
    assert StabilityCase.objects.count() == 3


def test_what_was_found_of_another_image_is_found_again(filtered, stand_in):
    row = ask(filtered)
    stand_in.before.append(lambda code: _stop_at(code, "C003"))
    with pytest.raises(SystemExit):
        do(row)
    case = filtered.cases.get(code="C001")
    values = rendition_values(case.renditions.get(method=METHOD))
    rendition_save(case=case, method=METHOD, values=values * 0.9, provenance={})
    StabilityRun.objects.update(state="queued", claimed_by="")
    stand_in.before.clear()
    stand_in.asked.clear()
    do(row)
    assert stand_in.asked == ["C001", "C003"]


def _stop_at(code, at):
    if code == at:
        raise SystemExit


def test_after_a_while_it_lets_others_go_first_and_comes_back(
    filtered, stand_in, django_capture_on_commit_callbacks
):
    row = ask(filtered)
    with django_capture_on_commit_callbacks() as calls:
        do(row, seconds=0)
    assert (row.state, row.done, row.attempts) == ("queued", 1, 0)
    assert len(calls) == 1  # a worker is called again
    do(row, seconds=0)
    assert do(row, seconds=0).state == "done"
    assert stand_in.asked == ["C001", "C002", "C003"]


def test_a_cancelled_run_stops_and_what_was_known_before_stays(filtered, stand_in):
    do(ask(filtered))
    before = Stability.objects.get().pk
    row = ask(filtered)
    stand_in.before.append(
        lambda code: services.stability_cancel(run=row) if code == "C002" else None
    )
    assert do(row).state == "cancelled"
    assert stand_in.asked[3:] == ["C001", "C002"]
    assert Stability.objects.get().pk == before


def test_a_run_that_is_cancelled_within_a_case_does_not_end_it(
    filtered, stand_in, monkeypatch
):
    monkeypatch.setattr(stability_running, "SIGN_EVERY_S", -1.0)
    row = ask(filtered)
    stand_in.before.append(lambda code: services.stability_cancel(run=row))
    assert do(row).state == "cancelled"
    assert stand_in.outputs == {}


def test_a_case_that_fails_is_named_and_alone_done_again(filtered, stand_in):
    row = ask(filtered)

    def spoilt(code):
        if code == "C002":
            raise Refused("The output has pixels that are not numbers.")

    stand_in.before.append(spoilt)
    do(row)
    assert (row.state, row.done) == ("failed", 2)
    assert row.failures == {"C002": "The output has pixels that are not numbers."}
    kept = Stability.objects.get()
    assert kept.cases.count() == 2
    assert list(kept.series["failed"]) == ["C002"]
    stand_in.before.clear()
    stand_in.asked.clear()
    services.stability_retry(run=row)
    do(row)
    assert stand_in.asked == ["C002"]
    assert row.state == "done"
    assert Stability.objects.get().series["failed"] == {}


def test_a_run_of_which_every_case_fails_leaves_nothing(filtered, stand_in):
    def spoilt(code):
        raise Refused("No.")

    stand_in.before.append(spoilt)
    row = do(ask(filtered))
    assert row.state == "failed"
    assert row.message == "All 3 cases failed. The first: No."
    assert not Stability.objects.exists()


@pytest.mark.parametrize("part", [Learned.TRAINING, Learned.VALIDATION])
def test_cases_that_a_network_learned_from_are_left_out(filtered, stand_in, part):
    image = Rendition.objects.get(case__code="C002", method=METHOD)
    image.provenance[LEARNED_FROM] = part
    image.save()
    do(ask(filtered))
    assert stand_in.asked == ["C001", "C003"]


def test_images_of_an_unknown_origin_are_looked_at_without_a_method(filtered, stand_in):
    for image in Rendition.objects.filter(method=METHOD):
        values = rendition_values(image)
        rendition_save(
            case=image.case, method="result-vendor", values=values, provenance={}
        )
    assert do(ask(filtered, "result-vendor")).state == "done"
    assert stand_in.outputs == {}
    assert Stability.objects.get().cases.first().numbers["laterality"] == 0.5


def test_the_input_itself_is_a_method_that_changes_nothing(cohort, stand_in):
    do(ask(cohort, "short"))
    for code, output in stand_in.outputs.items():
        np.testing.assert_array_equal(output, stand_in.images[code].short)


def test_a_filter_that_is_set_otherwise_now_is_not_run(filtered, stand_in):
    Rendition.objects.filter(method=METHOD).update(
        provenance={"settings": {"standard_deviation_px": 3.0}}
    )
    do(ask(filtered))
    assert stand_in.outputs == {}


@pytest.mark.parametrize(
    ("method", "chosen", "words"),
    [
        ("reference", {}, "The reference is what the others are held against"),
        ("magic", {}, "no images by “magic”"),
        ("short", {"repeat": 12}, "no setting “repeat”"),
        ("short", {"level": 0.9}, "no setting “level”; there are seed, repeats,"),
        ("short", {"shift_px": 2.0}, "no setting “shift_px”"),
        ("short", {"repeats": 3}, "“3” is no value for the setting “repeats”"),
        ("short", {"doses": [0.5, 0.1]}, "for the setting “doses”"),
        ("short", {"seed": True}, "for the setting “seed”"),
        ("short", {"rescan": True}, "“simulation_seed” must be told"),
    ],
)
def test_what_cannot_be_is_refused_by_name(cohort, method, chosen, words):
    with pytest.raises(Refused, match=words):
        ask(cohort, method, chosen=chosen)
    assert not StabilityRun.objects.exists()


def test_a_cohort_of_people_has_no_seed_of_a_simulation(cohort):
    cohort.simulated = False
    with pytest.raises(Refused, match="simulation_seed"):
        ask(cohort, "short", chosen={"simulation_seed": 1})


def simulate(cohort, *, seed: int) -> None:
    """Its cases become the first patients of a simulation."""
    for index, case in enumerate(cohort.cases.order_by("code")):
        patient = draw_patient(seed=seed, index=index)
        case.patient_digest = patient_digest(patient.patient_id)
        case.save()


def test_grades_of_simulated_patients_are_known_by_the_seed(cohort, stand_in):
    simulate(cohort, seed=5)
    do(ask(cohort, "short", chosen={"simulation_seed": 5}))
    for index, image in enumerate(stand_in.images.values()):
        patient = draw_patient(seed=5, index=index)
        assert image.grades == (patient.right.grade, patient.left.grade)
    assert Stability.objects.get().series["rescanned"] is False


def test_patients_are_scanned_again_where_that_is_asked_for(
    cohort, stand_in, monkeypatch
):
    simulate(cohort, seed=5)
    asked = []

    def rescan(**more):
        asked.append((more["seed"], more["index"], more["central_slice"]))

    monkeypatch.setattr("inference.stability.rescanning.rescan", rescan)
    do(ask(cohort, "short", chosen={"simulation_seed": 5, "rescan": True}))
    assert asked == [(5, 0, 30), (5, 1, 30), (5, 2, 30)]
    assert Stability.objects.get().series["rescanned"] is True


def test_a_seed_by_which_no_case_was_simulated_is_refused(cohort, stand_in):
    row = do(ask(cohort, "short", chosen={"simulation_seed": 6}))
    assert row.state == "failed"
    assert "simulated by the seed 6" in row.message


def test_asking_twice_gives_the_run_that_waits(cohort):
    assert ask(cohort, "short") == ask(cohort, "short")


def test_a_newer_run_takes_the_place_of_the_older_with_its_files(
    filtered, stand_in, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        do(ask(filtered))
    old = {one.maps.name for one in StabilityCase.objects.all()}
    storage = StabilityCase.objects.first().maps.storage
    assert all(map(storage.exists, old))
    with django_capture_on_commit_callbacks(execute=True):
        do(ask(filtered))
    new = {one.maps.name for one in StabilityCase.objects.all()}
    assert not old & new
    assert not any(map(storage.exists, old))
    assert sorted(storage.listdir("stability")[1]) == sorted(
        name.removeprefix("stability/") for name in new
    )


def test_what_a_dead_run_left_goes_a_day_later_and_no_map_of_a_row(
    filtered, stand_in, monkeypatch
):
    do(ask(filtered))
    kept = {one.maps.name for one in StabilityCase.objects.all()}
    stand_in.before.append(lambda code: _stop_at(code, "C002"))
    with pytest.raises(SystemExit):
        do(ask(filtered))
    storage = StabilityCase.objects.first().maps.storage
    assert len(storage.listdir("stability")[1]) > len(kept)
    services.files_sweep()
    assert len(storage.listdir("stability")[1]) > len(kept)
    later = timezone.now() + timedelta(days=2)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    services.files_sweep()  # its run may still be taken up again
    assert len(storage.listdir("stability")[1]) > len(kept)
    services.stability_cancel(run=StabilityRun.objects.get(state="running"))
    services.files_sweep()
    assert {f"stability/{name}" for name in storage.listdir("stability")[1]} == kept


def test_a_disk_that_fills_up_within_a_case_is_left_as_it_was(
    filtered, stand_in, monkeypatch
):
    save = FileSystemStorage.save

    def full(self, name, content, **more):
        if name.endswith(".json"):
            save(self, name, ContentFile(b"{"), **more)
            raise OSError(errno.ENOSPC, "No space left on device")
        return save(self, name, content, **more)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(FileSystemStorage, "save", full)
        row = do(ask(filtered))
    assert (row.state, row.done) == ("queued", 0)
    storage = StabilityCase._meta.get_field("maps").storage
    assert storage.listdir("stability")[1] == []
    assert do(row).state == "done"


def test_a_worker_that_died_is_noticed_and_the_run_put_back(filtered, stand_in):
    from .conftest import dead_claim

    row = ask(filtered)
    StabilityRun.objects.update(
        state="running",
        claimed_by=dead_claim(),
        heartbeat_at=timezone.now(),
        attempts=1,
    )
    assert services.stabilities_recover() == 1
    row.refresh_from_db()
    assert row.state in ("queued", "done")


def test_who_asked_for_what_stands_in_the_log(cohort, coordinator):
    row = ask(cohort, "short", user=coordinator)
    services.stability_cancel(run=row, by=coordinator)
    told = AuditEvent.objects.filter(action__startswith="stability.")
    assert [one.action for one in told] == ["stability.request", "stability.cancel"]
    assert {one.actor_name for one in told} == {"carol"}


def test_an_unexpected_error_is_tried_again_and_then_given_up(
    filtered, stand_in, monkeypatch
):
    def broken(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(stability_running, "images_of", broken)
    row = ask(filtered)
    for _ in range(3):
        do(row)
    assert row.state == "failed"


def test_what_a_scanner_fills_a_slice_up_with_counts_for_nothing(coordinator):
    """It lies far below air, and no method keeps it; nobody ever sees it."""

    def padded(number: int, index: int, shape) -> np.ndarray:
        values = head_image(number, index, shape)
        values[:, :8] = (-2000, -3024, -1024)[index]
        return values

    def images(image):
        cohort = make_stack_cohort(image.__name__, cases_wanted=1, image=image)
        (files,) = cases_of(cohort, METHOD)
        return images_of(files)

    found = images(padded)
    for one in (found.reference, found.short, found.output):
        assert (one[:, :8] == -1024).all()
    assert found.reference.max() == images(head_image).reference.max()


def test_whole_stacks_are_looked_at_in_their_unit(coordinator):
    cohort = make_stack_cohort(
        cases_wanted=2,
        coordinators=[coordinator],
        methods=("reference", "short"),
        shapes=((14, 80, 72),),
    )
    run(request(cohort))
    assert do(ask(cohort)).state == "done"
    kept = Stability.objects.get()
    assert kept.measures["mirror-error"]["value"] is not None
    assert kept.measures["severity-slope"]["value"] is None
    assert kept.measures["dose-break"]["reason"] == NO_DOSES, "HU are no counts"
    for one in stability_cases(kept):
        slices = kept.series["slices"][one.case.code]
        assert len(slices) == 12
        for values in stability_maps(one).values():
            assert values.shape == (12, 80, 72)
        assert case_png(one, map_name="omission", slices=kept.series["slices"])
