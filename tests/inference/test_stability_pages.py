"""What coordinators see, and programs read, of what the suite found."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from inference.models import StabilityRun
from readerstudy.cases.models import Rendition, Stability
from readerstudy.cases.selectors import rendition_values
from readerstudy.cases.services import rendition_save
from readerstudy.imaging.stability_measures import MEASURES
from tests.factory import make_cohort, make_stack_cohort
from tests.stability import NO_METHOD, number, save_stability

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]
BEYOND = ("deformation", "mirror-error")


@pytest.fixture
def cohort(coordinator):
    return make_cohort(cases_wanted=3, coordinators=[coordinator])


@pytest.fixture
def carol(client: Client, coordinator) -> Client:
    client.force_login(coordinator)
    return client


def show(client: Client, route: str, *args: object, **headers: str) -> str:
    address = reverse(f"inference:{route}", args=args)
    return " ".join(client.get(address, headers=headers).content.decode().split())


def test_carol_sees_which_methods_were_looked_at_and_what_they_fail(carol, cohort):
    save_stability(cohort, "gaussian", beyond=BEYOND)
    told = show(carol, "stability-list", cohort.pk)
    assert "2 of 3" in told
    assert "Gaussian filter" in told
    assert "not looked at yet" in told  # the short scan
    address = reverse("inference:stability-detail", args=[cohort.pk, "gaussian"])
    assert f'href="{address}"' in told


def test_the_page_of_a_method_tells_every_number_and_why_one_is_missing(carol, cohort):
    save_stability(cohort, "gaussian", beyond=BEYOND)
    told = show(carol, "stability-detail", cohort.pk, "gaussian")
    assert told.count('<tr class="beyond">') == len(BEYOND)
    assert f"{number('deformation', beyond=True):.2f} mm" in told
    assert f"not estimable: {NO_METHOD}" in told
    assert Stability.objects.get().images_sha256 in told
    for name in ("sd", "hallucination", "omission", "displacement"):
        assert f'<span class="ramp {name}">' in told


def test_what_cannot_be_estimated_stands_together_by_its_reason(carol, cohort):
    save_stability(cohort, "gaussian")
    told = show(carol, "stability-detail", cohort.pk, "gaussian")
    missing = list(Stability.objects.get().measures.values())
    missing = [one for one in missing if one["value"] is None]
    assert told.count(f"not estimable: {NO_METHOD}") == 1
    words = "measure is" if len(missing) == 1 else "measures are"
    assert f"{len(missing)} {words} not estimable here" in told
    table, rest = told.split("</table>", 1)
    assert "not estimable" not in table and "not estimable" in rest
    title = escape(MEASURES["data-deviance"].title)
    assert title not in table and title in rest


def test_a_run_that_has_cases_and_waits_for_its_turn_is_under_way(
    carol, cohort, monkeypatch
):
    show(carol, "stability-list", cohort.pk)
    carol.post(
        reverse("inference:stability-request", args=[cohort.pk]),
        {"method": "gaussian", "repeats": 10},
    )
    StabilityRun.objects.update(state="queued", done=1, total=3)
    assert "under way" not in show(carol, "stability-list", cohort.pk)  # no worker
    monkeypatch.setattr("inference.views.stability.worker_rows", lambda: ["one"])
    told = show(carol, "stability-list", cohort.pk)
    assert "under way, in turn with others" in told
    assert "waiting for a worker" not in told


def test_of_stacks_the_input_is_called_so(carol, coordinator):
    stacks = make_stack_cohort(coordinators=[coordinator])
    told = show(carol, "stability-list", stacks.pk)
    assert '<option value="short">input</option>' in told
    assert "striatum" not in told


def test_carol_is_told_that_images_have_been_changed_since(carol, cohort):
    save_stability(cohort, "gaussian")
    told = "images changed since"
    assert told not in show(carol, "stability-list", cohort.pk)
    image = Rendition.objects.get(case__code="C002", method="gaussian")
    values = 0.9 * rendition_values(image)
    rendition_save(case=image.case, method="gaussian", values=values, provenance={})
    assert told in show(carol, "stability-list", cohort.pk)
    page = show(carol, "stability-detail", cohort.pk, "gaussian")
    assert "The images have been changed since" in page


def test_a_picture_has_reference_input_output_and_map(carol, cohort):
    save_stability(cohort, "gaussian")
    args = [cohort.pk, "gaussian", "C002", "omission"]
    picture = carol.get(reverse("inference:stability-picture", args=args))
    assert picture.headers["Content-Type"] == "image/png"
    width, height = (
        int.from_bytes(picture.content[at : at + 4], "big") for at in (16, 20)
    )
    assert (width, height) == (4 * 192 + 3 * 4, 192)
    args[-1] = "nonsense"
    assert (
        carol.get(reverse("inference:stability-picture", args=args)).status_code == 404
    )


def test_carol_asks_for_one_method_or_for_all(carol, cohort):
    address = reverse("inference:stability-request", args=[cohort.pk])
    carol.post(address, {"method": "short", "repeats": 12})
    one = StabilityRun.objects.get()
    assert (one.rendition_method, one.settings["repeats"]) == ("short", 12)
    carol.post(address, {"method": "", "repeats": 10, "simulation_seed": 4})
    methods = {run.rendition_method for run in StabilityRun.objects.all()}
    assert methods == {"short", "gaussian"}
    assert StabilityRun.objects.latest("pk").settings["simulation_seed"] == 4


def test_too_few_repeats_are_refused_by_name(carol, cohort):
    address = reverse("inference:stability-request", args=[cohort.pk])
    answer = carol.post(address, {"method": "short", "repeats": 2}, follow=True)
    assert "Repeats of the input:" in answer.content.decode()
    assert not StabilityRun.objects.exists()


def test_a_waiting_run_is_cancelled_and_tried_again_on_the_page(carol, cohort):
    address = reverse("inference:stability-request", args=[cohort.pk])
    carol.post(address, {"method": "short", "repeats": 10})
    run = StabilityRun.objects.get()
    args = [cohort.pk, run.pk]
    assert "every 1s" in show(carol, "stability-list", cohort.pk)
    carol.post(reverse("inference:stability-cancel", args=args))
    run.refresh_from_db()
    assert run.state == "cancelled"
    told = show(carol, "stability-list", cohort.pk, **{"HX-Request": "true"})
    assert "Try again" in told
    assert "<h1>" not in told
    carol.post(reverse("inference:stability-retry", args=args))
    run.refresh_from_db()
    assert run.state == "queued"


def test_a_program_reads_the_same_numbers(carol, cohort):
    save_stability(cohort, "gaussian", beyond=BEYOND)
    base = f"/api/v1/cohorts/{cohort.pk}/stability/"
    listed = carol.get(base).json()["results"]
    assert [(one["method"], one["beyond"]) for one in listed] == [("gaussian", 2)]
    found = carol.get(f"{base}gaussian/").json()
    by_key = {one["key"]: one for one in found["measures"]}
    assert by_key["deformation"]["value"] == number("deformation", beyond=True)
    assert by_key["deformation"]["verdict"] == "beyond"
    assert by_key["data-deviance"]["value"] is None
    assert by_key["data-deviance"]["reason"] == NO_METHOD
    assert [one["case"] for one in found["cases"]] == ["C001", "C002", "C003"]


def test_the_command_prints_every_measure(cohort, capsys):
    call_command("stability", cohort.name, "short", repeats=10)
    told = capsys.readouterr().out
    assert "short: 3 cases" in told
    assert "Left-right mirror" in told
    assert "not estimable: The projections of the short scan are not known." in told
    assert all(measure.title in told for measure in MEASURES.values())
    assert Stability.objects.get().method == "short"


def test_the_command_says_which_cohorts_there_are(cohort):
    with pytest.raises(CommandError, match="Cohorts here: “Phantoms”"):
        call_command("stability", "Fantoms", "short")
    with pytest.raises(CommandError, match="no images by “magic”"):
        call_command("stability", cohort.name, "magic")


def test_of_other_images_carol_is_told_for_which_the_usual_limits_are(
    carol, cohort, coordinator
):
    heads = make_stack_cohort(cases_wanted=2, coordinators=[coordinator])
    for one in (cohort, heads):
        save_stability(one, "gaussian")
    told = "The usual limits were set for DaT-SPECT."
    assert told in show(carol, "stability-detail", heads.pk, "gaussian")
    assert told not in show(carol, "stability-detail", cohort.pk, "gaussian")


def test_one_case_without_a_reference_is_enough_to_say_what_percentages_are_of(
    carol, coordinator
):
    heads = make_stack_cohort(cases_wanted=2, coordinators=[coordinator])
    save_stability(heads, "gaussian")
    told = "Where a case has no reference they are of the input's"
    assert told not in show(carol, "stability-detail", heads.pk, "gaussian")
    heads.cases.first().series.filter(role="reference").delete()
    assert told in show(carol, "stability-detail", heads.pk, "gaussian").replace(
        "&#x27;", "'"
    )
