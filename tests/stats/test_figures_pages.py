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
    *("psnr_255", "ssim_255", "ssim_1", "example_typical", "example_hardest"),
    *("kappa", "kappa_differences", "confusion", "grades", "grade_shift"),
    "reads_over_time",
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
        self.images: list[dict[str, str]] = []
        self.dark: list[str] = []
        self.captions = 0
        self.inside = False  # of a figure of ours, not a picture in a table
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "figure":
            self.inside = given.get("class") == "plot"
        if tag == "img" and "/figures/" in given["src"]:
            self.images.append(given)
        if tag == "source":
            assert given["media"] == "screen and (prefers-color-scheme: dark)"
            self.dark.append(given["srcset"])
        self.captions += tag == "figcaption" and self.inside
        if "style" in given or tag == "style" or any(n.startswith("on") for n in given):
            self.forbidden.append(tag)

    @property
    def by_name(self) -> dict[str, dict[str, str]]:
        return {one["src"].split("/")[-1].split(".")[0]: one for one in self.images}


def shown(client: Client, **headers: str) -> _Figures:
    found = _Figures()
    found.feed(client.get(PAGE, headers=headers).content.decode())
    return found


def test_figures_stand_on_the_page_in_words_and_as_files_for_light_and_dark(
    reading: Client,
) -> None:
    page = shown(reading)
    assert page.forbidden == []
    assert len(page.images) == page.captions == len(page.dark)
    assert page.by_name.keys() >= FIGURES
    for image, dark in zip(page.images, page.dark, strict=True):
        assert len(image["alt"]) > 30
        assert int(image["width"]) == 760
        assert int(image["height"]) > 100
        assert image["loading"] == "lazy"
        assert "theme=dark" in dark
        assert "theme=dark" not in image["src"]  # which is what is printed
    name = page.by_name["reads_over_time"]["src"]
    light, dark_file = (reading.get(one) for one in (name, f"{name}&theme=dark"))
    assert light["Content-Type"] == "image/svg+xml"
    assert b"#ffffff" in light.content
    assert b"#16202a" in dark_file.content


def test_a_figure_comes_as_png_svg_and_csv(reading: Client) -> None:
    said = shown(reading).by_name["kappa"]
    png = reading.get(address("kappa", "png"))
    assert png["Content-Type"] == "image/png"
    width, height = Image.open(BytesIO(png.content)).size
    assert (width, height) == (2 * int(said["width"]), 2 * int(said["height"]))
    svg = ElementTree.fromstring(reading.get(address("kappa")).content)
    assert svg.tag.endswith("svg")
    assert not list(svg.iter("{http://www.w3.org/2000/svg}text"))  # outlines only
    table = reading.get(address("kappa", "csv"))
    lines = table.content.decode().splitlines()
    assert lines[0] == "arm,reader,kappa,interval_low,interval_high,reason"
    assert len(lines) == 1 + 2 * (3 + 1)  # arms by readers, and their mean
    assert 'filename="read-study-kappa.csv"' in table["Content-Disposition"]


def test_a_browser_that_has_a_figure_is_told_so_until_it_is_another(
    reading: Client,
) -> None:
    first = reading.get(address("kappa"))
    assert first["Cache-Control"] == "private, no-cache"
    tag = {"If-None-Match": first["ETag"]}
    assert reading.get(address("kappa"), headers=tag).status_code == 304
    others = [address("grades", "csv"), address("kappa", theme="dark")]
    assert all(reading.get(one, headers=tag).status_code == 200 for one in others)


def test_a_japanese_page_has_japanese_figures_of_the_same_numbers(
    reading: Client,
) -> None:
    english, japanese = (
        shown(reading, **{"Accept-Language": language}).by_name
        for language in ("en", "ja")
    )
    assert english.keys() == japanese.keys()

    def files(form: str) -> list[bytes]:
        return [
            reading.get(
                address("kappa", form), headers={"Accept-Language": language}
            ).content
            for language in ("en", "ja")
        ]

    pictures, tables = files("svg"), files("csv")
    assert pictures[0] != pictures[1]
    assert tables[0] == tables[1]


def test_what_is_no_figure_is_not_there_nor_is_any_for_strangers(
    reading: Client,
) -> None:
    for url in (
        address("nothing"),
        address("kappa", "pdf"),
        address("kappa", theme="pink"),
        address("kappa", version="7"),
    ):
        assert reading.get(url).status_code == 404
    reading.force_login(User.objects.create(username="stranger"))
    assert reading.get(address("kappa")).status_code == 404


def test_before_unblinding_there_is_none(
    client: Client, study: Study, statistician: User
) -> None:
    Study.objects.filter(pk=study.pk).update(state=Study.State.CLOSED)
    client.force_login(statistician)
    assert client.get(address("kappa")).status_code == 409
