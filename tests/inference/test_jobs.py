"""Jobs: every case gets its image once, whatever dies in between."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Concat
from django.utils import timezone

from inference import filters, registry, services
from inference.claims import new_claim
from inference.models import Job
from inference.services import running
from readerstudy.cases.models import Case, Cohort, Rendition
from readerstudy.cases.selectors import rendition_get, rendition_values
from readerstudy.cases.services import cohort_freeze, rendition_save
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import to_eight_bit

from .conftest import make_cohort

pytestmark = pytest.mark.django_db
DEAD = "|".join(["elsewhere", "pid:[1]", "1", "1", "x"])


def request(cohort, method="gaussian", **more) -> Job:
    return services.job_request(cohort=cohort, method=method, **more)


def run(job: Job) -> Job:
    services.job_run(job_id=job.pk)
    job.refresh_from_db()
    return job


def made(cohort, method="gaussian") -> dict[str, str]:
    rows = Rendition.objects.filter(case__cohort=cohort, method=method)
    return dict(rows.values_list("case__code", "sha256"))


def running_job(cohort, *, claim: str, silent_for: timedelta) -> Job:
    job = request(cohort)
    services.job_claim(job_id=job.pk, claim=claim)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - silent_for)
    job.refresh_from_db()
    return job


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
    from inference.prediction import load_unet, predict
    from inference.selectors import weights_file

    job = run(request(cohort, "unet-l1", weights=weights))
    assert job.state == "done", job.message
    name = f"unet-l1@{weights.sha256[:12]}"
    assert job.rendition_method == name
    network = load_unet(weights_file(weights))
    for case in cohort.cases.all():
        rendition = rendition_get(case=case, method=name)
        images = to_eight_bit(
            rendition_values(rendition_get(case=case, method="short"))
        )
        np.testing.assert_allclose(
            rendition_values(rendition), predict(network, images), atol=1e-6
        )
        assert rendition.provenance["weights_sha256"] == weights.sha256
        assert rendition.provenance["versions"]["torch"]


def test_a_job_may_be_run_twice_without_harm(cohort):
    job = run(request(cohort))
    before = list(Rendition.objects.order_by("pk").values())
    run(job)
    run(request(cohort))
    assert list(Rendition.objects.order_by("pk").values()) == before


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


def test_asking_twice_for_the_same_gives_the_job_that_is_waiting(cohort):
    assert request(cohort) == request(cohort)
    assert request(cohort, "bilateral") != request(cohort)
    assert Job.objects.count() == 2


def test_the_database_itself_allows_one_active_job_per_method(cohort):
    job = request(cohort)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(
            cohort=cohort, method="gaussian", rendition_method=job.rendition_method
        )


def test_a_worker_is_called_only_after_the_row_is_on_disk(
    cohort, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks:
        job = request(cohort)
    assert len(callbacks) == 1
    callbacks[0]()  # tasks run in place in tests
    job.refresh_from_db()
    assert job.state == "done"


@pytest.mark.parametrize(
    ("method", "with_weights", "words"),
    [
        ("magic", False, "no method 'magic'"),
        ("unet-l1", False, r"Choose weights of U-Net\(L1\)"),
        ("unet-l4", True, r"Choose weights of U-Net\(L4\)"),
        ("gaussian", True, "takes no weights"),
    ],
)
def test_what_cannot_be_run_is_refused(cohort, weights, method, with_weights, words):
    with pytest.raises(Refused, match=words):
        request(cohort, method, weights=weights if with_weights else None)
    assert not Job.objects.exists()


def test_an_empty_cohort_is_refused(db):
    with pytest.raises(Refused, match="has no cases"):
        request(make_cohort("Empty", cases=0))


def test_only_one_of_two_workers_gets_the_job(cohort):
    job = request(cohort)
    first = services.job_claim(job_id=job.pk, claim=new_claim())
    assert first
    assert services.job_claim(job_id=job.pk, claim=new_claim()) is None
    assert first.attempts == 1


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


def test_a_failed_job_does_only_what_is_missing_when_tried_again(cohort):
    case = cohort.cases.get(code="C002")
    short = case.renditions.get(method="short")
    values = rendition_values(short)
    short.delete()
    job = run(request(cohort))
    before = made(cohort)
    rendition_save(case=case, method="short", values=values, provenance={})
    services.job_retry(job=job)
    job = run(job)
    assert (job.state, job.done, job.failures) == ("done", 3, {})
    assert made(cohort).items() > before.items()


def test_only_an_ended_job_is_tried_again_and_only_an_active_one_cancelled(cohort):
    job = request(cohort)
    with pytest.raises(Refused, match="failed or was cancelled"):
        services.job_retry(job=job)
    services.job_cancel(job=job)
    assert run(job).state == "cancelled"
    with pytest.raises(Refused, match="nothing to cancel"):
        services.job_cancel(job=job)
    request(cohort)  # the same again
    with pytest.raises(Refused, match="already waiting or running"):
        services.job_retry(job=job)


def test_a_cancelled_job_stops_before_its_next_case(cohort, monkeypatch):
    job = request(cohort)

    def cancel_meanwhile(images, **parameters):
        services.job_cancel(job=job)
        return filters.gaussian(images, **parameters)

    monkeypatch.setitem(filters.FILTERS, "gaussian", cancel_meanwhile)
    assert run(job).state == "cancelled"
    assert len(made(cohort)) == 1


def test_a_worker_that_lost_its_job_writes_nothing_more_to_it(cohort, monkeypatch):
    job = request(cohort)

    def lose_it(images, **parameters):
        Job.objects.filter(pk=job.pk).update(claimed_by="somebody else", done=77)
        return filters.gaussian(images, **parameters)

    monkeypatch.setitem(filters.FILTERS, "gaussian", lose_it)
    job = run(job)
    assert (job.state, job.claimed_by, job.done) == ("running", "somebody else", 77)


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


def test_the_cohort_is_locked_before_anything_of_its_cases(cohort, monkeypatch):
    """As all others do it that change cases: else two wait for each other for ever."""
    locked = []

    def remember(queryset, *args, **kwargs):
        locked.append(queryset.model)
        return lock(queryset, *args, **kwargs)

    lock = QuerySet.select_for_update
    monkeypatch.setattr(QuerySet, "select_for_update", remember)
    assert run(request(cohort)).state == "done"
    assert locked[0] is Cohort
    assert Case not in locked


def test_images_made_with_other_settings_are_not_mixed_into_one_arm(cohort):
    job = run(request(cohort))
    one = cohort.cases.get(code="C001").renditions.get(method="gaussian")
    one.provenance["settings"] = {"standard_deviation_px": 9.0}
    one.save()
    job = run(request(cohort))
    assert job.state == "failed"
    assert "other settings" in job.message


def test_the_job_of_a_worker_that_died_here_is_put_back_at_once(cohort):
    import subprocess
    import sys

    claim = subprocess.run(
        [
            sys.executable,
            "-c",
            "from inference.claims import new_claim as n;print(n())",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    job = running_job(cohort, claim=claim, silent_for=timedelta(0))
    assert services.jobs_recover() == 1
    job.refresh_from_db()
    assert (job.state, job.claimed_by) == ("queued", "")
    assert run(job).state == "done"


def test_the_job_of_a_living_worker_is_left_alone(cohort):
    running_job(cohort, claim=new_claim(), silent_for=timedelta(seconds=100))
    assert services.jobs_recover() == 0


def test_a_worker_elsewhere_is_given_its_lease_and_no_more(cohort):
    job = running_job(cohort, claim=DEAD, silent_for=timedelta(seconds=100))
    assert services.jobs_recover() == 0
    late = timezone.now() - services.jobs.LEASE - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=late)
    assert services.jobs_recover() == 1


def test_a_job_that_keeps_killing_its_worker_is_given_up_with_the_reason(cohort):
    job = request(cohort)
    for _ in range(services.jobs.MAX_ATTEMPTS):
        assert services.job_claim(job_id=job.pk, claim=DEAD)
        Job.objects.filter(pk=job.pk).update(
            heartbeat_at=timezone.now() - timedelta(hours=1)
        )
        services.jobs_recover()
    job.refresh_from_db()
    assert job.state == "failed"
    assert "died 3 times" in job.message
    services.job_retry(job=job)
    assert run(job).state == "done"


def test_a_long_job_outlives_any_number_of_stops_as_long_as_it_gets_further(
    cohort, monkeypatch
):
    job = request(cohort)
    stops = services.jobs.MAX_ATTEMPTS + 2
    cases = make_cohort("Long", cases=stops + 1).cases.all()
    cases.update(cohort=cohort, code=Concat(Value("L"), "code"))
    computed = 0

    def stopped_at_every_second(images, **parameters):
        nonlocal computed
        computed += 1
        if computed % 2 == 0:
            raise KeyboardInterrupt
        return filters.gaussian(images, **parameters)

    monkeypatch.setitem(filters.FILTERS, "gaussian", stopped_at_every_second)
    for _ in range(stops):
        with pytest.raises(KeyboardInterrupt):
            services.job_run(job_id=job.pk)
        Job.objects.filter(pk=job.pk).update(
            heartbeat_at=timezone.now() - timedelta(hours=1)
        )
        services.jobs_recover()
        job.refresh_from_db()
        assert job.state == "queued"
    monkeypatch.setitem(filters.FILTERS, "gaussian", filters.gaussian)
    job = run(job)
    assert (job.state, job.done) == ("done", 3 + stops + 1)


def test_a_waiting_job_whose_message_was_lost_is_called_again(
    cohort, django_capture_on_commit_callbacks
):
    job = request(cohort)  # its message is never delivered
    with django_capture_on_commit_callbacks() as callbacks:
        services.jobs_recover()
    assert not callbacks, "it was called only a moment ago"
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        services.jobs_recover(call_again=timedelta(0))
    assert len(callbacks) == 1
    job.refresh_from_db()
    assert job.state == "done"


def test_a_message_for_a_job_that_is_gone_is_no_error(cohort):
    job = request(cohort)
    pk = job.pk
    job.delete()
    services.job_run(job_id=pk)


def test_a_broker_that_is_down_loses_no_job(
    cohort, monkeypatch, django_capture_on_commit_callbacks
):
    from inference import tasks

    def unreachable(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr(tasks.run_job, "delay", unreachable)
    with django_capture_on_commit_callbacks(execute=True):
        job = request(cohort)
    job.refresh_from_db()
    assert job.state == "queued"
