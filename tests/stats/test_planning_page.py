"""Planning in the browser and on the command line."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from tests.cast import Cast


@pytest.fixture
def page(cast: Cast, client: Client):
    client.force_login(cast.coordinator)

    def get(**query: object):
        return client.get(reverse("stats:planning"), query)

    return get


def test_the_page_answers_before_anything_is_typed(page) -> None:
    response = page()
    found = response.context["found"]
    text = response.content.decode()
    assert (found.patients, found.readers) == (50, 3)
    assert found.difference == pytest.approx(0.09, abs=0.005)
    assert f"± {found.difference:.3f}" in text
    assert "This margin is next to the interval." in text  # 0.10 with 50 patients


def test_a_margin_that_the_interval_reaches_is_called_out_of_reach(page) -> None:
    assert "This margin cannot usually be met." in page(alike=0.2).content.decode()


def test_a_wide_margin_with_many_patients_is_not_warned_of(page) -> None:
    text = page(patients=300, margin=0.15).content.decode()
    assert "This margin" not in text
    assert "The interval reaches ±" in text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"patients": "1"}, "patients"),
        ({"margin": "nan"}, "margin"),
        ({"shares": "1 two"}, "shares"),
        ({"shares": "0 0"}, "shares"),
        ({"shares": "1 inf"}, "shares"),
        ({"primary": "0.95"}, "__all__"),
        ({"shares": "1 0 0 0"}, "__all__"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(page, query, field) -> None:
    response = page(**query)
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert "found" not in response.context


def test_the_figure_is_drawn_for_the_same_numbers(page, client: Client) -> None:
    page()
    url = reverse("stats:planning-figure")
    light = client.get(url, {"patients": 80})
    assert light["Content-Type"] == "image/svg+xml"
    dark = client.get(url, {"patients": 80, "theme": "dark"})
    assert light.content != dark.content
    assert client.get(url, {"patients": 0}).status_code == 404
    assert client.get(url, {"theme": "red"}).status_code == 404


def test_the_command_tells_the_same(capsys, page) -> None:
    call_command("plan_study", patients="50", simulate=20)
    told = capsys.readouterr().out
    assert f"{page().context['found'].difference:.3f}" in told
    assert "simulated studies                  20" in told
    with pytest.raises(CommandError, match="design: Readers cannot be expected"):
        call_command("plan_study", primary="0.95")
