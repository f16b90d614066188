"""The pages on which a coordinator brings a network and looks at it."""

import re

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from inference.models import Weights
from inference.trying import alone
from readerstudy.cases.models import Case, Rendition
from readerstudy.imaging.errors import Refused

from .conftest import make_cohort, weights_content
from .onnx_files import FILES, TORCH, small
from .uploads import TOLD, nothing_is_left, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]
UPLOAD = "inference:weights-upload"
FIELDS = {
    "title": "Theirs",
    "origin": "A group elsewhere",
    "licence": "CC BY 4.0",
    "training_data": "300 scans",
    "learned_from": "nobody",
}


@pytest.fixture
def pages(client, coordinator):
    client.force_login(coordinator)
    return client


def upload(pages, content=None, name="theirs.onnx", **fields):
    file = SimpleUploadedFile(name, small() if content is None else content)
    return pages.post(reverse(UPLOAD), {"file": file, **fields})


def said(response):
    """What the form says is wrong: by field, and about all of it."""
    return dict(response.context["form"].errors)


def card_of(response):
    assert response.status_code == 302, said(response)
    return Weights.objects.get(pk=int(response["Location"].strip("/").split("/")[-1]))


def test_the_pages_are_there_only_for_those_who_may_upload(client, coordinator):
    addresses = [reverse("inference:weights-list"), reverse(UPLOAD)]
    for one in addresses:
        assert client.get(one).status_code == 302  # to the login
    client.force_login(User.objects.create_user("reader"))
    for one in addresses:
        assert client.get(one).status_code == 404
    client.force_login(coordinator)
    for one in addresses:
        assert client.get(one).status_code == 200


@pytest.mark.usefixtures("tried")
def test_a_coordinator_uploads_weights_and_sees_their_card(pages, tmp_path):
    content = weights_content(tmp_path)
    response = upload(pages, content, "ours.safetensors", title="Ours, 2026")
    page = pages.get(response["Location"]).content.decode()
    assert "The weights “Ours, 2026” are ready." in page
    assert "<dt>Who made it</dt><dd>–</dd>" in page  # their card does not say it
    assert Weights.objects.get().sha256 in page
    assert "U-Net(L1)" in page
    listed = pages.get(reverse("inference:weights-list")).content.decode()
    assert response["Location"] in listed


def test_a_network_brought_as_onnx_is_tried_and_shown_with_what_was_said(pages):
    """The real thing, with a process of its own."""
    response = upload(pages, (FILES / TORCH[0]).read_bytes(), **FIELDS)
    page = pages.get(response["Location"]).content.decode()
    for words in (
        "A group elsewhere",
        "CC BY 4.0",
        "300 scans",
        "None of this hospital",
        "Conv × 4",
        "opset 20",
        "yes, to the last bit",
    ):
        assert words in page
    assert "no: this system" not in page


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("net.pt", b"PK", "torch.onnx.export"),
        ("net.PTH", b"PK", "torch.onnx.export"),
        ("net.ckpt", b"", "torch.onnx.export"),
        ("net.pickle", b"\x80\x04K\x01.", "torch.onnx.export"),
        ("net.h5", b"", "tf2onnx"),
        ("net.hdf5", b"", "tf2onnx"),
        ("net.keras", b"", "tf2onnx"),
        ("net.zip", b"", "is an archive"),
        ("net.pt.zip", b"", "is an archive"),
        ("net.onnx", b"PK\x03\x04" + bytes(40), "not what its name says"),
        ("net.onnx", b"\x80\x02K\x01.", "not what its name says"),
        ("net.onnx", b"\x89HDF\r\n\x1a\n", "not what its name says"),
        ("net.safetensors", b"PK\x03\x04" + bytes(40), "not what its name says"),
        ("net.safetensors", b"\x80\x05" + bytes(40), "not what its name says"),
        ("net.txt", b"hello", "neither called .onnx nor .safetensors"),
        ("net", b"hello", "neither called .onnx nor .safetensors"),
    ],
)
def test_a_format_that_can_run_code_is_refused_with_the_way_out(
    pages, name, content, words, tried
):
    response = upload(pages, content or b"x", name, **FIELDS)
    assert response.status_code == 422
    (sentence,) = said(response)["file"]
    assert words in sentence
    assert "bring-your-network.md" in sentence
    assert nothing_is_left() and not tried


def test_a_file_too_large_is_refused_but_told_how_to_convert_it(
    pages, monkeypatch, tried
):
    monkeypatch.setattr("inference.services.weights.UPLOAD_LIMIT", 3)
    assert "larger than" in said(upload(pages, **FIELDS))["file"][0]
    keras = said(upload(pages, b"xxxx", "net.keras", **FIELDS))["file"][0]
    assert "tf2onnx" in keras
    assert not tried


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize("missing", sorted(FIELDS))
def test_who_leaves_out_a_part_of_the_card_is_told_which(pages, missing):
    fields = {**FIELDS, missing: ""}
    response = upload(pages, **fields)
    assert response.status_code == 422
    assert said(response) == {missing: ["Please fill this in."]}
    assert nothing_is_left()


@pytest.mark.usefixtures("tried")
def test_a_file_without_a_card_and_a_form_without_one_asks_for_all_of_it(pages):
    response = upload(pages)
    wrong = said(response)
    assert "theirs.onnx brings no card" in wrong.pop("__all__")[0]
    assert set(wrong) == set(FIELDS)
    assert nothing_is_left()


@pytest.fixture
def divided(cohort):
    parts = {"C001": "training", "C002": "validation", "C003": "test"}
    for number, (code, part) in enumerate(parts.items()):
        cohort.cases.filter(code=code).update(
            split=part, patient_digest=str(number) * 64
        )
    cohort.cases.filter(code="C001").update(second_patient_digest="f" * 64)
    return cohort


@pytest.mark.usefixtures("tried")
def test_it_may_have_learned_from_a_cohort_here(pages, divided):
    fields = {**FIELDS, "learned_from": "cohort", "cohort": divided.pk}
    weights = card_of(upload(pages, **fields))
    assert weights.card["data"]["patients"] == {
        "training": ["0" * 64, "f" * 64],
        "validation": ["1" * 64],
    }
    page = pages.get(f"/networks/{weights.pk}/").content.decode()
    assert "2 patients of training and 1 of validation" in page
    row = re.sub(r"\s+", "", page.split("Phantoms</a>")[1].split("</tr>")[0])
    numbers = re.findall(r">(\d+)<", row)
    assert numbers == ["3", "1", "1"]  # cases; learned from; chosen by


@pytest.mark.usefixtures("tried")
def test_only_ones_own_divided_cohorts_can_be_named(pages, cohort, divided):
    elsewhere = make_cohort("Elsewhere", cases=1)
    elsewhere.cases.update(split="training")
    offered = pages.get(reverse(UPLOAD)).context["form"].fields["cohort"].queryset
    assert list(offered) == [divided]
    fields = {**FIELDS, "learned_from": "cohort", "cohort": elsewhere.pk}
    assert set(said(upload(pages, **fields))) == {"cohort"}
    Case.objects.update(split="")
    assert set(said(upload(pages, **{**fields, "cohort": cohort.pk}))) == {"cohort"}
    assert nothing_is_left()


@pytest.mark.usefixtures("tried")
def test_the_table_of_a_cohort_is_a_list_of_whom_it_learned_from(pages, divided):
    table = pages.get(reverse("cases:cohort-export", args=[divided.pk]))
    digests = SimpleUploadedFile("cohort.csv", table.getvalue())
    fields = {**FIELDS, "learned_from": "digests", "digests": digests}
    patients = card_of(upload(pages, **fields)).card["data"]["patients"]
    assert patients["training"] == ["0" * 64, "f" * 64]
    assert patients["validation"] == ["1" * 64]


A, B = "a" * 64, "b" * 64


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("case,split\n1,training\n", "no column patient_digest"),
        ("", "The submitted file is empty"),
        (f"patient_digest,split\n{A},\n", "Line 2 of the CSV has ''"),
        (f"patient_digest,split\n{A},test\n", "names no patient"),
        (f"patient_digest\n{A}\nMüller\n", "Line 3 of the CSV holds no digest"),
        (f"patient_digest\n{A}\n{B[:-1]}\n", "Line 3 of the CSV holds no digest"),
        ("patient_digest\n\0", "holds no digest"),
        (b"\xff\xfe\x00", "must be text in UTF-8"),
        ('patient_digest\n"x"y', "must be text in UTF-8"),
    ],
)
def test_a_csv_that_does_not_say_it_is_refused_with_the_line(pages, text, words):
    content = text if isinstance(text, bytes) else text.encode()
    digests = SimpleUploadedFile("d.csv", content)
    fields = {**FIELDS, "learned_from": "digests", "digests": digests}
    wrong = said(upload(pages, **fields))
    assert words in " ".join(wrong["digests"])
    assert nothing_is_left()


@pytest.mark.usefixtures("tried")
def test_what_nobody_knows_is_said_on_its_card(pages):
    weights = card_of(upload(pages, **{**FIELDS, "learned_from": "unknown"}))
    page = pages.get(f"/networks/{weights.pk}/").content.decode()
    assert "no study will read what it makes" in page


@pytest.mark.usefixtures("tried")
def test_words_that_look_like_a_page_stay_words(pages):
    fields = {**FIELDS, "title": "<script>alert(1)</script>", "origin": "<b>me</b>"}
    weights = card_of(upload(pages, **fields))
    page = pages.get(f"/networks/{weights.pk}/").content.decode()
    assert "<script>alert" not in page and "<b>me" not in page


def address(weights, cohort, code):
    return reverse("inference:weights-preview", args=[weights.pk, cohort.pk, code])


def test_a_network_is_looked_at_on_a_case_and_nothing_of_it_stays(
    pages, coordinator, cohort
):
    weights = send(coordinator, (FILES / TORCH[1]).read_bytes(), told=TOLD)
    before = set(Rendition.objects.values_list("sha256", flat=True))
    page = pages.get(f"/networks/{weights.pk}/").content.decode()
    assert address(weights, cohort, "C001") in page  # the first, until another is asked
    page = pages.get(f"/networks/{weights.pk}/?cohort={cohort.pk}&case=C003").content
    assert address(weights, cohort, "C003") in page.decode()
    response = pages.get(address(weights, cohort, "C003"))
    shown = response.content.decode()
    assert shown.count("data:image/png;base64,") == 3
    assert shown.count("PSNR") >= 2
    sides = "<span>R</span><span>L</span>" * 3  # of three slices
    assert shown.count(sides) == 3
    assert "no-store" in response["Cache-Control"]
    assert set(Rendition.objects.values_list("sha256", flat=True)) == before


def test_a_preview_that_fails_says_why(pages, coordinator, cohort, tried, monkeypatch):
    weights = send(coordinator, small(), told=TOLD)
    Rendition.objects.filter(case__code="C002", method="reference").delete()
    page = pages.get(address(weights, cohort, "C002")).content.decode()
    assert "no image of its reference scan" in page

    def crash(*args, **more):
        raise Refused("The network took longer than 20 s.")

    monkeypatch.setattr("inference.previews.runtime.open_session", crash)
    page = pages.get(address(weights, cohort, "C001")).content.decode()
    assert "The network took longer than 20 s." in page


@pytest.mark.usefixtures("tried")
def test_a_preview_waits_while_another_network_is_tried(
    pages, coordinator, cohort, monkeypatch
):
    weights = send(coordinator, small(), told=TOLD)
    monkeypatch.setattr("inference.trying.WAIT_S", 0.01)
    with alone():
        page = pages.get(address(weights, cohort, "C001")).content.decode()
    assert "Another network is being tried just now" in page


@pytest.mark.usefixtures("tried")
def test_a_network_too_large_for_a_web_process_is_not_even_read(
    pages, coordinator, cohort, monkeypatch
):
    weights = send(coordinator, small(), told=TOLD)
    monkeypatch.setattr("inference.trying.MOST_BYTES", 100)
    monkeypatch.setattr("inference.selectors.network_file", None)
    page = pages.get(address(weights, cohort, "C001")).content.decode()
    assert "is larger than 0 MB" in page
    page = pages.post(f"/networks/{weights.pk}/probe/", follow=True).content.decode()
    assert "is larger than 0 MB" in page


@pytest.mark.usefixtures("tried")
def test_only_coordinators_of_a_cohort_see_a_network_on_its_cases(
    client, coordinator, cohort
):
    weights = send(coordinator, small(), told=TOLD)
    client.force_login(User.objects.create_user("reader"))
    for path in (f"/networks/{weights.pk}/", address(weights, cohort, "C001")):
        assert client.get(path).status_code == 404
    from tests.cast import make_user

    client.force_login(make_user("other", coordinator=True))
    page = client.get(f"/networks/{weights.pk}/?cohort={cohort.pk}&case=C001")
    assert page.status_code == 200
    assert "Phantoms" not in page.content.decode()
    assert client.get(address(weights, cohort, "C001")).status_code == 404
    assert client.post(f"/networks/{weights.pk + 1}/probe/").status_code == 404


def test_shipped_weights_are_tried_when_somebody_asks(pages, weights, tried):
    page = pages.get(f"/networks/{weights.pk}/").content.decode()
    assert "has not been tried yet" in page
    pages.post(f"/networks/{weights.pk}/probe/")
    page = pages.get(f"/networks/{weights.pk}/").content.decode()
    assert "has not been tried yet" not in page and "opset 17" in page
