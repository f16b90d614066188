"""A coordinator's pages of sweeps, and programs that ask for one."""

import csv
import io
import json
import re

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import translation

from inference import services
from inference.models import Sweep, Training
from inference.sweep_pages import sweep_page
from readerstudy.cases.models import Cohort
from tests.api.programs import Program

from .halfway import make_sweep
from .learners import ask, make_divided, run, short_recipe

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
WANTED = {
    "factor": "cases",
    "levels": "1, 3",
    "seeds": "1 2",
    "network": "unet-l1",
    "recipe": "short",
    "epochs": "1",
    "loss": "l1",
    "split": "test",
    "margin_db": "0.3",
}


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
    return reverse(f"inference:sweep-{name}", args=[cohort.pk, *more])


def test_a_coordinator_comes_from_the_trainings_and_starts_a_sweep(pages, divided):
    trainings = pages.get(reverse("inference:training-list", args=[divided.pk]))
    assert address("list", divided) in trainings.content.decode()
    page = pages.get(address("list", divided)).content.decode()
    assert "Nothing has been swept" in page
    assert 'value="2, 3"' in page, "the first example is filled in"
    response = pages.post(address("request", divided), WANTED, follow=True)
    page = response.content.decode()
    assert "<h1>U-Net(L1): training cases</h1>" in page
    assert "0 of 4 points measured" in page
    assert "No worker for trainings runs" in page
    assert Sweep.objects.get().requested_by.username == "carol"
    trainings = pages.get(reverse("inference:training-list", args=[divided.pk]))
    assert "No network has been trained" in trainings.content.decode()


def test_the_second_example_asks_for_depth(pages, divided):
    page = pages.get(address("list", divided), {"example": "depth"}).content.decode()
    assert '<option value="depth" selected' in page
    assert 'value="1, 2, 3, 4, 5"' in page


def test_what_is_wrong_is_said_beside_the_form_and_nothing_starts(pages, divided):
    for wrong, sentence in (
        ({"levels": "1, many"}, "Give numbers with commas"),
        ({"levels": "1, 9"}, "9 is not possible here"),
        ({"margin_db": "-1"}, "Margin:"),
        ({"margin_db": "nan"}, "Enter a number"),
        ({"seeds": "1.5"}, "Give numbers with commas"),
        ({"levels": "1 1e400"}, "is not possible here"),
    ):
        response = pages.post(address("request", divided), {**WANTED, **wrong})
        assert response.status_code == 422
        assert sentence in response.content.decode()
    assert not Sweep.objects.exists()


def test_a_cohort_that_is_not_divided_says_so_instead_of_a_form(pages, cohort):
    page = pages.get(address("list", cohort)).content.decode()
    assert "is not divided yet" in page
    assert 'name="levels"' not in page


def test_the_page_concludes_draws_and_offers_to_go_on(pages, divided, coordinator):
    divided.cases.filter(split="test").update(split="validation")
    sweep = make_sweep(divided, coordinator)
    page = pages.get(address("detail", divided, sweep.pk)).content.decode()
    assert "11 of 12 points measured" in page
    assert "this may change" in page
    assert page.count("<svg") == 2
    assert len(re.findall('circle class="mean ', page)) == 2 * 4
    assert "Level 5 is the smallest from which on all are shown" in page
    assert "If the fitted curve holds on" in page
    assert 'id="sweep-restart"' in page
    assert 'id="sweep-stop"' not in page
    part = pages.get(address("detail", divided, sweep.pk), headers=HTMX)
    assert "<html" not in part.content.decode()


def test_numbers_are_told_in_the_language_of_who_reads(divided, coordinator):
    divided.cases.filter(split="test").update(split="validation")
    page = sweep_page(make_sweep(divided, coordinator))
    assert page.levels[0].difference.startswith("−1.0")
    assert page.levels[0].by_seed != ""
    with translation.override("ja"):
        assert sweep_page(page.row.sweep).levels[0].mean == page.levels[0].mean


def test_the_file_has_a_line_for_every_point_and_case(pages, divided, coordinator):
    sweep = make_sweep(divided, coordinator)
    point = sweep.points.get(level=7, seed=3)
    point.results = {"=C9": {"reason": "It is damaged."}}
    point.save()
    answer = pages.get(address("export", divided, sweep.pk))
    text = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 12
    assert rows[0]["case"] == "C004"
    assert float(rows[0]["psnr_db"]) == pytest.approx(31.52)
    assert rows[-1]["case"] == "'=C9"
    assert rows[-1]["reason"] == "It is damaged."


def test_a_sweep_is_stopped_and_gone_on_with_on_its_page(pages, divided):
    pages.post(address("request", divided), WANTED)
    sweep = Sweep.objects.get()
    pages.post(address("stop", divided, sweep.pk))
    assert set(Training.objects.values_list("state", flat=True)) == {"cancelled"}
    page = pages.get(address("detail", divided, sweep.pk)).content.decode()
    assert "unfinished" in page
    pages.post(address("restart", divided, sweep.pk))
    assert set(Training.objects.values_list("state", flat=True)) == {"queued"}
    again = pages.post(address("restart", divided, sweep.pk), follow=True)
    assert "was stopped or failed" in again.content.decode()


def test_why_a_point_could_not_be_measured_stands_on_its_page(
    pages, divided, coordinator
):
    sweep = make_sweep(divided, coordinator)
    sweep.points.filter(results={}).delete()
    page = address("detail", divided, sweep.pk)
    assert "sweep-restart" not in pages.get(page).content.decode()
    sweep.points.update(results={"C1": {"reason": "Its file is damaged."}})
    told = pages.get(page).content.decode()
    assert "Its file is damaged." in told
    assert "sweep-restart" in told


def test_a_program_asks_for_a_sweep_and_reads_what_came_of_it(divided, coordinator):
    program = Program(coordinator, "networks:read", "networks:write")
    url = reverse("inference-api:sweep-list", args=[divided.pk])
    asked = {**WANTED, "levels": [1, 3], "seeds": [1], "epochs": 1, "margin_db": 0.5}
    answer = program.post(url, asked)
    assert answer.status_code == 202, answer.content
    sweep = Sweep.objects.get()
    for point in sweep.points.exclude(training=None):
        run(point.training)
    services.sweep_points_measure()
    told = program.get(
        reverse("inference-api:sweep-detail", args=[divided.pk, sweep.pk])
    ).json()
    assert (told["points_measured"], told["active"]) == (2, False)
    assert told["best"] in (1, 3)
    assert [level["level"] for level in told["measured_levels"]] == [1, 3]
    assert told["measured_levels"][0]["by_seed"]["reason"]
    assert told["fit"]["a"]["value"] is None
    assert {point["state"] for point in told["measured_points"]} == {"measured"}
    assert program.get(url).json()["results"][0]["id"] == sweep.pk
    refused = program.post(url, {**asked, "levels": [1, 99]})
    assert refused.status_code in (400, 409, 422)
    assert "99" in refused.content.decode()


def test_the_command_sweeps_a_cohort_to_its_end_and_again_does_nothing(
    divided, tmp_path, capsys
):
    out, charts = tmp_path / "found.json", tmp_path / "chart"
    options = {
        "cohort": "Divided",
        "levels": [1.0, 3.0],
        "seeds": [1.0, 2.0],
        "network": "unet-l1",
        "epochs": 1,
        "split": "test",
        "out": out,
        "charts": charts,
    }
    call_command("sweep", "cases", **options)
    said = capsys.readouterr().out
    assert "| level | seeds | PSNR, dB |" in said
    assert "at least four levels" in said
    told = json.loads(out.read_text())
    assert len(told["points"]) == 4
    assert told["found"]["test"]["cases"] == 2
    assert (tmp_path / "chart-difference.svg").read_text().count("<style>") == 1
    before = Training.objects.count()
    call_command("sweep", "cases", **options)
    assert Training.objects.count() == before
    assert Sweep.objects.count() == 1


def test_the_command_goes_on_with_a_sweep_of_the_same_recipe_alone(divided):
    for recipe in ("short", "quick", "short"):
        call_command(
            "sweep",
            "cases",
            cohort="Divided",
            levels=[1.0, 3.0],
            seeds=[1.0],
            network="unet-l1",
            recipe=recipe,
            epochs=1,
            split="test",
            queue=True,
        )
    recipes = Sweep.objects.order_by("pk").values_list("recipe__name", flat=True)
    assert list(recipes) == ["short", "quick"]


@pytest.mark.parametrize("name", ["--split", "--recipe", "--loss"])
def test_the_command_refuses_at_once_what_it_would_stumble_over_in_the_end(name):
    with pytest.raises(CommandError, match=f"{name}: invalid choice"):
        call_command("sweep", "cases", "--simulated", name, "training")


def test_the_command_names_what_it_cannot_do(divided):
    with pytest.raises(CommandError, match="no cohort “Elsewhere”"):
        call_command("sweep", "cases", cohort="Elsewhere")
    with pytest.raises(CommandError, match="Levels: give 2"):
        call_command("sweep", "counts", cohort="Divided")


def test_of_many_that_wait_only_the_first_are_called_again(divided, monkeypatch):
    from inference.services import training as module

    monkeypatch.setattr(module, "CALLED_AT_ONCE", 1)
    for seed in (1, 2, 3):
        ask(divided, seed=seed, call=False)
    Training.objects.update(called_at=None)
    called: list[int] = []
    monkeypatch.setattr(module, "_call", lambda one: called.append(one.seed))
    services.trainings_recover()
    assert called == [1]
    with short_recipe():
        assert Training.objects.filter(called_at=None).count() == 2
