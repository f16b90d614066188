"""The coordinator's pages of trainings, and who never sees them."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from inference import services
from inference.claims import new_claim
from inference.models import Training, Worker
from readerstudy.cases.models import Cohort

from .conftest import dead_claim
from .learners import ask, let_differ, make_divided, run, short_recipe

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def divided(coordinator: User) -> Cohort:
    cohort = make_divided()
    cohort.coordinators.add(coordinator)
    return cohort


@pytest.fixture
def pages(client, coordinator):
    client.force_login(coordinator)
    return client


def address(name: str, cohort: Cohort, *more: object) -> str:
    return reverse(f"inference:training-{name}", args=[cohort.pk, *more])


WANTED = {"network": "unet-l1", "recipe": "short", "loss": "l1", "seed": "5"}


def test_a_coordinator_comes_from_the_cohort_and_starts_a_training(pages, divided):
    page = pages.get(reverse("cases:cohort-detail", args=[divided.pk]))
    assert address("list", divided) in page.content.decode()
    page = pages.get(address("list", divided)).content.decode()
    assert "<b>3</b> training cases" in page
    assert re.search("<b>1</b> validation case<", page)
    assert "U-Net(L4) (535,505 parameters)" in page
    assert "No network has been trained" in page
    with short_recipe():
        response = pages.post(
            address("request", divided), {**WANTED, "title": "Ours"}, follow=True
        )
    page = response.content.decode()
    assert "<h1>Ours</h1>" in page
    assert "waiting for a worker" in page
    assert "Epoch 0 of 3" in page
    training = Training.objects.get()
    assert (training.seed, training.requested_by.username) == (5, "carol")


def test_the_study_s_recipe_is_what_is_offered_first(pages, divided):
    page = pages.get(address("list", divided)).content.decode()
    assert '<option value="study" selected>study: as published, 200 epochs' in page


def test_a_cohort_that_is_not_divided_says_so_instead_of_a_form(pages, cohort):
    page = pages.get(address("list", cohort)).content.decode()
    assert "is not divided yet" in page
    assert 'name="network"' not in page
    assert f"{reverse('cases:cohort-detail', args=[cohort.pk])}#division" in page


def test_a_difference_nobody_accepted_leads_to_where_it_is_accepted(pages, divided):
    let_differ(divided, "C002")
    page = pages.get(address("list", divided)).content.decode()
    assert "nobody has said why they may stay: C002." in page
    assert 'name="network"' not in page
    assert f'href="{reverse("cases:cohort-parity", args=[divided.pk])}"' in page
    assert "#division" not in page
    response = pages.post(address("request", divided), WANTED)
    assert response.status_code == 422
    assert "C002" in response.content.decode()
    assert not Training.objects.exists()
    accept = reverse("cases:parity-accept", args=[divided.pk])
    pages.post(accept, {"kind": "mirrored", "reason": "Turned while exporting."})
    assert 'name="network"' in pages.get(address("list", divided)).content.decode()


def test_device_versions_and_data_appear_while_one_looks(pages, divided):
    training = run(ask(divided))
    place = address("detail", divided, training.pk)
    polled = pages.get(place, headers=HTMX).content.decode()
    whole = pages.get(place).content.decode()
    for said in (
        training.device,
        training.data_sha256,
        f"torch {training.versions['torch']}",
    ):
        assert said in polled
        assert whole.count(said) == polled.count(said), "nowhere else, to grow old"


def test_the_card_gives_its_results_in_words(pages, divided):
    weights = run(ask(divided)).result
    card = reverse("inference:weights-card", args=[weights.pk])
    page = pages.get(card).content.decode()
    results = weights.card["results"]
    gain = results["psnr_db_gain"]
    assert "<dt>PSNR gained, dB</dt>" in page
    assert f"<dd>{gain['mean']:.2f} ± {gain['sd']:.2f} (SD)</dd>" in page
    shown = page.split("The whole card")[0]
    assert [name for name in results if f"<code>{name}" in shown] == []
    assert ">psnr_db" not in shown


def test_what_is_refused_is_said_beside_the_form(pages, divided):
    ask(divided, seed=5)
    with short_recipe():
        response = pages.post(address("request", divided), WANTED)
    assert response.status_code == 422
    page = response.content.decode()
    assert "is already being trained on this cohort" in page
    assert 'value="5"' in page  # what was chosen stays
    response = pages.post(address("request", divided), {**WANTED, "network": "x"})
    assert response.status_code == 422
    assert Training.objects.count() == 1


def test_progress_is_polled_only_while_it_is_going_on(pages, divided):
    training = ask(divided)
    for name, more in (("list", []), ("detail", [training.pk])):
        fragment = pages.get(address(name, divided, *more), headers=HTMX)
        assert "hx-trigger" in fragment.content.decode()
        assert "<html" not in fragment.content.decode()
    run(training)
    for name, more in (("list", []), ("detail", [training.pk])):
        fragment = pages.get(address(name, divided, *more), headers=HTMX)
        assert "hx-trigger" not in fragment.content.decode()


def test_curves_learning_rate_and_time_left_are_shown_while_it_learns(pages, divided):
    training = ask(divided, epochs=200)
    epochs = [
        {
            "number": number,
            "of": 200,
            "learning_rate": 1e-3,
            "training_loss": 0.1 / number,
            "validation_psnr_db": 28 + number,
            "validation_ssim": 0.7 + number / 100,
            "seconds": 30.0,
            "short_psnr_db": 30.84,
            "short_ssim": 0.7,
        }
        for number in range(1, 6)
    ]
    Training.objects.filter(pk=training.pk).update(
        state="running",
        claimed_by=new_claim(),
        heartbeat_at=timezone.now(),
        epochs_done=5,
        history=epochs,
    )
    page = pages.get(address("detail", divided, training.pk)).content.decode()
    assert "Epoch 5 of 200" in page
    assert "1 h 38 min left" in page  # 195 epochs of 30 s
    assert "0.001" in page
    assert "33.00 dB" in page
    assert "30.84 dB" in page
    curves = re.findall(r'<polyline class="line (\w+)" points="([^"]+)"', page)
    assert [name for name, _ in curves] == ["loss", "psnr", "ssim"]
    assert all(len(points.split()) == 5 for _, points in curves)
    assert page.count('class="level"') == 2
    assert "style=" not in page


def test_it_is_stopped_and_goes_on_by_buttons(pages, divided):
    training = ask(divided)
    page = pages.post(address("stop", divided, training.pk), follow=True)
    assert "stopped" in page.content.decode()
    assert "Start again" in page.content.decode()
    pages.post(address("resume", divided, training.pk))
    training.refresh_from_db()
    assert training.state == "queued"
    run(training, should_leave=lambda: True)
    pages.post(address("stop", divided, training.pk))
    page = pages.get(address("detail", divided, training.pk)).content.decode()
    assert "Go on from here" in page
    assert "What it has learned is kept" in page
    page = pages.post(address("forget", divided, training.pk), follow=True)
    assert "The checkpoint is deleted." in page.content.decode()
    page = pages.post(address("stop", divided, training.pk), follow=True)
    assert "there is nothing to stop" in page.content.decode()


def test_when_it_is_done_the_page_leads_to_the_weights(pages, divided):
    training = run(ask(divided))
    page = pages.get(address("detail", divided, training.pk)).content.decode()
    assert "are ready" in page
    assert reverse("inference:weights-card", args=[training.result.pk]) in page
    networks = pages.get(reverse("inference:weights-list")).content.decode()
    assert training.result.title in networks
    jobs = pages.get(reverse("inference:job-list", args=[divided.pk]))
    assert f'value="weights-{training.result.pk}"' in jobs.content.decode()


def test_one_that_was_stopped_offers_to_go_on_only_once_its_worker_let_go(
    pages, divided
):
    training = ask(divided)
    place = address("detail", divided, training.pk)
    Training.objects.update(
        state="running", claimed_by=new_claim(), heartbeat_at=timezone.now()
    )
    page = pages.post(address("stop", divided, training.pk), follow=True)
    assert "is being kept" in page.content.decode()
    assert "hx-trigger" in page.content.decode()  # it looks again by itself
    assert "training-resume" not in page.content.decode()
    Training.objects.update(claimed_by="")
    page = pages.get(place).content.decode()
    assert "training-resume" in page
    assert "hx-trigger" not in page


def test_a_worker_that_died_over_a_stop_does_not_keep_the_training(pages, divided):
    training = ask(divided)
    Training.objects.update(
        state="cancelled",
        claimed_by="another-machine|1|2|3|4",
        finished_at=timezone.now() - timedelta(minutes=3),
    )
    page = pages.get(address("detail", divided, training.pk)).content.decode()
    assert "training-resume" in page


def test_a_cohort_that_is_read_undivided_sends_nobody_to_divide_it(pages, divided):
    divided.cases.update(split="")
    Cohort.objects.update(frozen_at=timezone.now())
    page = pages.get(address("list", divided)).content.decode()
    assert "Train on another cohort" in page
    assert "#division" not in page


def test_a_failure_says_why(pages, divided):
    training = ask(divided)
    divided.cases.filter(split="validation").update(split="test")
    run(training)
    page = pages.get(address("detail", divided, training.pk)).content.decode()
    assert "is not divided yet" in page
    assert "failed" in page


def test_a_training_that_nobody_listens_for_says_so(pages, divided):
    training = ask(divided)
    place = address("detail", divided, training.pk)
    assert "No worker for trainings" in pages.get(place).content.decode()
    now = timezone.now()
    worker = Worker.objects.create(
        claim=new_claim(), queues=["cpu"], device="cpu", started_at=now, seen_at=now
    )
    assert "No worker for trainings" in pages.get(place).content.decode()
    ours = Worker.objects.filter(pk=worker.pk)
    ours.update(queues=["training"])
    assert "No worker for trainings" not in pages.get(place).content.decode()
    ours.update(seen_at=now - timedelta(minutes=3))  # it has gone silent
    assert "No worker for trainings" in pages.get(place).content.decode()
    ours.update(seen_at=now, claim=dead_claim())
    assert "No worker for trainings" in pages.get(place).content.decode()


@pytest.mark.parametrize("member", [False, True])
def test_another_cohorts_coordinator_and_a_stranger_find_nothing(
    client, divided, member
):
    training = ask(divided)
    other = User.objects.create_user("other")
    if member:
        other.groups.add(Group.objects.get(name="coordinators"))
    client.force_login(other)
    assert client.get(address("list", divided)).status_code == 404
    assert client.get(address("detail", divided, training.pk)).status_code == 404
    assert client.post(address("request", divided), WANTED).status_code == 404
    for name in ("stop", "resume", "forget"):
        assert client.post(address(name, divided, training.pk)).status_code == 404
    training.refresh_from_db()
    assert training.state == "queued"


def test_a_training_is_reached_only_through_its_own_cohort(pages, divided):
    elsewhere = ask(make_divided("Elsewhere"))
    assert pages.get(address("detail", divided, elsewhere.pk)).status_code == 404
    assert pages.post(address("stop", divided, elsewhere.pk)).status_code == 404
    assert services.trainings_recover() == 0
