"""Where figures stand on the report, who gets their files, and in which language."""

from html.parser import HTMLParser
from io import BytesIO
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image

from readerstudy.reading.models import Study

PAGE = "/studies/read-study/report/"
FIGURES = {
    *("psnr_255", "ssim_255", "ssim_1", "kappa", "confusion", "grades"),
    *("grade_shift",),
}


def address(name: str, form: str = "svg", **query: str) -> str:
    words = "&".join(f"{key}={value}" for key, value in query.items())
    return f"{PAGE}figures/{name}.{form}?{words}"


@pytest.fixture
def reading(client: Client, study: Study, statistician: User) -> Client:
    """A statistician's browser; the report is frozen."""
    client.force_login(statistician)
    assert client.get(PAGE).status_code == 200
    return client


class _Figures(HTMLParser):
    """Pictures of a page, and what the security policy would forbid in it."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.dark: list[str] = []
        self.captions = 0
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img":
            self.images.append(given)
        if tag == "source":
            assert given["media"] == "screen and (prefers-color-scheme: dark)"
            self.dark.append(given["srcset"] or "")
        self.captions += tag == "figcaption"
        if "style" in given or tag == "style" or any(n.startswith("on") for n in given):
            self.forbidden.append(tag)


def shown(client: Client, **headers: str) -> _Figures:
    found = _Figures()
    found.feed(client.get(PAGE, headers=headers).content.decode())
    return found


def test_every_figure_of_the_page_is_told_in_words_and_has_its_files(
    reading: Client,
) -> None:
    page = shown(reading)
    assert page.forbidden == []
    assert len(page.images) == page.captions == len(page.dark)
    names = {(one["src"] or "").split("/")[-1].split(".")[0] for one in page.images}
    assert names >= FIGURES
    for image in page.images:
        assert len(image["alt"] or "") > 30
        assert int(image["width"] or 0) > 0
        assert int(image["height"] or 0) > 0
        assert image["loading"] == "lazy"
        assert reading.get(image["src"] or "")["Content-Type"] == "image/svg+xml"


def test_dark_pages_show_the_dark_figure_and_print_the_light_one(
    reading: Client,
) -> None:
    page = shown(reading)
    for image, dark in zip(page.images, page.dark, strict=True):
        assert "theme=dark" in dark
        assert "theme=dark" not in (image["src"] or "")
    light, dark_file = (
        reading.get(address("kappa", theme=theme)).content
        for theme in ("light", "dark")
    )
    assert b"#ffffff" in light
    assert b"#16202a" in dark_file


def test_a_figure_is_a_picture_of_the_size_that_the_page_says(reading: Client) -> None:
    said = {
        (image["src"] or "").split("/")[-1].split(".")[0]: image
        for image in shown(reading).images
    }["kappa"]
    png = reading.get(address("kappa", "png"))
    assert png["Content-Type"] == "image/png"
    width, height = Image.open(BytesIO(png.content)).size
    assert (width, height) == (2 * int(said["width"]), 2 * int(said["height"]))
    svg = ElementTree.fromstring(reading.get(address("kappa")).content)
    assert svg.tag.endswith("svg")
    assert not list(svg.iter("{http://www.w3.org/2000/svg}text"))  # outlines only


def test_the_numbers_of_a_figure_come_as_csv(reading: Client) -> None:
    response = reading.get(address("kappa", "csv"))
    lines = response.content.decode().splitlines()
    assert lines[0] == "arm,reader,kappa,interval_low,interval_high,reason"
    assert len(lines) == 1 + 2 * (3 + 1)  # arms by readers, and their mean
    assert 'filename="read-study-kappa.csv"' in response["Content-Disposition"]


def test_a_browser_that_has_a_figure_is_told_so_until_it_is_another(
    reading: Client,
) -> None:
    first = reading.get(address("kappa"))
    tag = {"If-None-Match": first["ETag"]}
    assert reading.get(address("kappa"), headers=tag).status_code == 304
    others = [address("grades"), address("kappa", theme="dark")]
    assert all(reading.get(one, headers=tag).status_code == 200 for one in others)
    in_japanese = {**tag, "Accept-Language": "ja"}
    assert reading.get(address("kappa"), headers=in_japanese).status_code == 200
    assert first["Cache-Control"] == "private, no-cache"


def test_a_japanese_page_has_japanese_figures_of_the_same_numbers(
    reading: Client,
) -> None:
    english, japanese = (
        {one["src"]: one["alt"] for one in shown(reading, **headers).images}
        for headers in ({}, {"Accept-Language": "ja"})
    )
    assert english.keys() == japanese.keys()
    pictures = [
        reading.get(address("kappa"), headers={"Accept-Language": language}).content
        for language in ("en", "ja")
    ]
    numbers = [
        reading.get(address("kappa", "csv"), headers={"Accept-Language": one}).content
        for one in ("en", "ja")
    ]
    assert pictures[0] != pictures[1]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize(
    "url",
    [
        address("nothing"),
        address("kappa", "pdf"),
        address("kappa", theme="pink"),
        address("kappa", version="7"),
    ],
)
def test_what_is_no_figure_is_not_there(reading: Client, url: str) -> None:
    assert reading.get(url).status_code == 404


def test_to_strangers_no_figure_is_there(reading: Client, db: None) -> None:
    client = Client()
    client.force_login(User.objects.create(username="stranger"))
    assert client.get(address("kappa")).status_code == 404


def test_before_unblinding_there_is_none(
    client: Client, study: Study, statistician: User
) -> None:
    Study.objects.filter(pk=study.pk).update(state=Study.State.CLOSED)
    client.force_login(statistician)
    assert client.get(address("kappa")).status_code == 409
