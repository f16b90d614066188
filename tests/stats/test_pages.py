"""Who sees the report, when, and what stands on it."""

import io
import zipfile

import pytest
from django.contrib.auth.models import User
from django.test import Client

from readerstudy.cases.models import Rendition
from readerstudy.reading.models import Membership, Read, Score, Study
from stats.outcomes import Reason
from stats.reasons import REASON_WORDS
from stats.views import report as views

from .conftest import freeze_again

URL = "/studies/read-study/report/"
EXPORT = "/studies/read-study/export/"


def text(client: Client, url: str = URL, **headers: str) -> str:
    freeze_again("read-study")
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def coordinator_client(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def test_the_report_shows_both_tables_of_the_study(coordinator_client: Client) -> None:
    page = text(coordinator_client)
    assert "Table 1. Image quality against “Arm reference”" in page
    assert "range 255" in page
    assert "range 1" in page
    assert "Table 2. Quadratic weighted kappa" in page
    for reader in "ABC":
        assert f"κ reader {reader}" in page
    assert page.count("±") > 6
    assert "ab" * 32 in page  # the protocol's hash


def test_numbers_are_rounded_as_the_study_prints_them(
    coordinator_client: Client, study: Study
) -> None:
    from stats.reporting.building import report_build

    page = text(coordinator_client)
    report = report_build(study=study)
    psnr, ssim, _ = (table.arms[0].images for table in report.quality)
    assert f"{psnr.mean:.2f} ± {psnr.standard_deviation:.2f}" in page
    assert f"{ssim.mean:.4f} ± {ssim.standard_deviation:.4f}" in page
    assert f"{report.kappa[0].mean:.2f}</td>" in page


def test_the_window_is_told_in_words_and_whether_readers_could_adjust_it(
    coordinator_client: Client, study: Study
) -> None:
    page = text(coordinator_client)
    assert "each slice by its own maximum" in page
    assert "Readers may adjust the window" not in page
    Study.objects.filter(pk=study.pk).update(window_adjustable=True)
    assert "Readers may adjust the window" in text(coordinator_client)


def test_a_statistician_sees_it_too(
    client: Client, study: Study, statistician: User
) -> None:
    client.force_login(statistician)
    text(client)


@pytest.mark.parametrize("url", [URL, EXPORT])
def test_to_readers_and_strangers_the_page_is_not_there(
    client: Client, study: Study, url: str
) -> None:
    stranger = User.objects.create_user("stranger")
    administrator = User.objects.create_superuser("administrator")
    reader = Membership.objects.get(study=study, code="A").user
    for user in (stranger, administrator, reader):
        client.force_login(user)
        assert client.get(url).status_code == 404
    client.logout()
    assert client.get(url).status_code == 302


@pytest.mark.parametrize("url", [URL, EXPORT])
@pytest.mark.parametrize("state", ["open", "closed"])
def test_before_unblinding_the_coordinator_is_told_so_and_sees_no_number(
    coordinator_client: Client, study: Study, url: str, state: str
) -> None:
    Study.objects.filter(pk=study.pk).update(state=state)
    response = coordinator_client.get(url)
    assert response.status_code == 409
    page = response.content.decode()
    assert "not unblinded yet" in page
    assert "Arm short" not in page


def test_simulated_readers_are_announced(
    coordinator_client: Client, study: Study
) -> None:
    assert "Simulated readers." not in text(coordinator_client)
    Study.objects.filter(pk=study.pk).update(simulated_readers=True)
    assert "Simulated readers." in text(coordinator_client)


def test_undefined_is_said_with_its_reason(
    coordinator_client: Client, study: Study
) -> None:
    Score.objects.filter(
        answer__read__reader__code="A",
        answer__read__arm__code__in=["reference", "short"],
    ).update(value=4)
    page = text(coordinator_client)
    assert "not estimable" in page
    assert "both readings use a single grade" in page


def test_a_perfect_agreement_has_no_standard_error_on_the_page(
    coordinator_client: Client, study: Study
) -> None:
    for side, value in (("right", 4), ("left", 1)):
        Score.objects.filter(side=side).update(value=value)
    page = text(coordinator_client)
    assert "agreement is perfect, so its variation cannot be estimated" in page
    rows = page.split('id="details"')[1].split("<tbody>")[1].split("</tbody>")[0]
    assert rows.count("<tr>") == 6
    assert "0.000" not in rows
    assert rows.count("agreement is perfect") == 2 * 6  # clustered and asymptotic


def test_notes_name_the_patients_that_were_analysed(
    coordinator_client: Client, study: Study
) -> None:
    page = text(coordinator_client)
    assert "Both sides of 6 patients" in page
    assert page.count("(mean over the slices; n = 6)") == 3
    unread = Read.objects.filter(reader__code="C", arm__code="unet", repeat=0)
    unread = unread.filter(case__code__in=["C001", "C005"])
    Score.objects.filter(answer__read__in=unread).delete()
    unread.update(submitted_at=None)
    Rendition.objects.get(case__code="C003", method="short").delete()
    page = text(coordinator_client)
    assert "Both sides of 4 to 6 patients" in page
    assert "clustered by patient (n = 4 to 6;" in page
    assert page.count("(mean over the slices; n = 5 to 6)") == 3
    assert "1 left out, without a value in every arm" in page


def test_every_metric_has_its_test_and_its_range(coordinator_client: Client) -> None:
    page = " ".join(text(coordinator_client).split())
    for metric in ("PSNR (range 255)", "SSIM (range 255)", "SSIM (range 1)"):
        assert page.count(f"{metric}: Friedman over 6 patients: χ²") == 1
    assert "as some published values were probably reached" in page


def test_every_reason_has_words() -> None:
    assert set(REASON_WORDS) == set(Reason)


def test_images_are_measured_by_the_page_itself_with_progress(
    coordinator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MEASURING_SECONDS", 0)
    page = text(coordinator_client)
    assert "<progress" in page
    assert "1 of 12 images" not in page  # a case is measured whole: two images
    assert "2 of 12 images" in page
    fragment = text(coordinator_client, **{"HX-Request": "true"})
    assert "<html" not in fragment
    assert "4 of 12 images" in fragment
    assert coordinator_client.get(EXPORT).url == URL
    monkeypatch.setattr(views, "MEASURING_SECONDS", 60)
    done = coordinator_client.get(URL, headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    assert "Table 1" in text(coordinator_client)


def test_another_control_and_slices_can_be_asked_for(
    coordinator_client: Client,
) -> None:
    page = text(coordinator_client, f"{URL}?control=short&blocks=slice")
    assert '<option value="short" selected>' in page
    assert "slices of one patient are not independent" in page
    assert "Friedman over 30 slices" in page
    refused = coordinator_client.get(f"{URL}?control=nothing")
    assert refused.status_code == 409
    assert "no arm “nothing”" in refused.content.decode()


def test_the_zip_holds_the_files(coordinator_client: Client) -> None:
    response = coordinator_client.get(EXPORT)
    assert response.headers["Content-Type"] == "application/zip"
    assert 'filename="read-study.zip"' in response.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        reads = archive.read("read-study/reads.csv")
    assert reads.startswith(b"study,reader,")
    excel = coordinator_client.get(f"{EXPORT}?excel=1").getvalue()
    with zipfile.ZipFile(io.BytesIO(excel)) as archive:
        assert archive.read("read-study/reads.csv").startswith(b"\xef\xbb\xbfstudy")
