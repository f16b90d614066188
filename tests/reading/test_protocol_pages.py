"""The protocol in the browser: as a file, in and out, and amended."""

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile

from readerstudy.reading import services
from readerstudy.reading.models import Amendment, Study
from readerstudy.reading.protocol.file import protocol_yaml
from readerstudy.reading.protocol.plain_yaml import MAX_BYTES, yaml_read, yaml_write
from tests.factory import TRAINING, unblind

from .conftest import address

SMALL = {
    "format": 1,
    "slug": "small",
    "title": "Small",
    "cohort": {"name": "Phantoms"},
}


def send(client, content, **fields):
    text = content if isinstance(content, bytes) else yaml_write(content).encode()
    file = SimpleUploadedFile("protocol.yaml", text)
    return client.post(address("protocol-upload"), {"protocol": file, **fields})


def test_the_protocol_is_downloaded_as_it_stands(at, cast):
    for person in (cast.coordinator, cast.statistician):
        response = at(person).get(address("protocol-download", cast.study.slug))
        assert response["Content-Type"] == "application/yaml; charset=utf-8"
        assert response["Content-Disposition"] == (
            'attachment; filename="phantom-study.protocol.yaml"'
        )
        assert response.content.decode() == protocol_yaml(cast.study)


def test_the_study_page_gives_the_file_and_leads_to_amending(at, cast, make_draft):
    def page(person, slug):
        return at(person).get(address("study-detail", slug)).content.decode()

    slug, draft = cast.study.slug, make_draft().slug
    download, amend = (address(n, slug) for n in ("protocol-download", "study-amend"))
    assert download in page(cast.coordinator, slug)
    assert amend in page(cast.coordinator, slug)
    assert download in page(cast.statistician, slug)
    assert amend not in page(cast.statistician, slug)
    assert address("study-amend", draft) not in page(cast.coordinator, draft)


def test_a_coordinator_without_a_shell_makes_a_draft_of_a_file(at, cast):
    client = at(cast.coordinator)
    assert (
        address("protocol-upload")
        in client.get(address("study-create")).content.decode()
    )
    response = send(client, SMALL)
    assert response["Location"] == address("study-detail", "small")
    assert Study.objects.get(slug="small").title == "Small"
    assert [str(m) for m in get_messages(response.wsgi_request)] == [
        "A draft was made of the file."
    ]


def test_a_draft_is_written_anew_only_with_a_tick(at, cast):
    client = at(cast.coordinator)
    send(client, SMALL)
    changed = {**SMALL, "title": "Changed"}
    page = send(client, changed).content.decode()
    assert "slug: There is a draft of this short name already." in page
    assert Study.objects.get(slug="small").title == "Small"
    assert send(client, changed, replace="on").status_code == 302
    assert Study.objects.get(slug="small").title == "Changed"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({**SMALL, "sessions": 0, "slug": "<b>"}, "sessions: It must be"),
        (
            {**SMALL, "title": "<b>x</b>", "<i>": 1},
            "&lt;i&gt;: There is no such field.",
        ),
        (b"a: [", "Line 1, column 5"),
        (b"\xff", "The file is not text in UTF-8."),
        (b"x" * (MAX_BYTES + 9), "The file is too large"),
    ],
)
def test_what_is_wrong_with_a_file_is_listed_on_the_page(at, cast, content, said):
    page = send(at(cast.coordinator), content)
    assert page.status_code == 200
    assert said in page.content.decode()
    assert cast.cohort.name in page.content.decode()


def test_a_form_without_its_file_says_so(at, cast):
    page = at(cast.coordinator).post(address("protocol-upload"))
    assert "Choose a file first." in page.content.decode()


def test_who_makes_no_studies_sends_no_protocol(at, cast):
    for person in (cast.reader, cast.statistician, cast.stranger):
        assert send(at(person), SMALL).status_code == 404
    # a coordinator of other cohorts learns nothing of this one
    page = send(at(cast.other_coordinator), SMALL).content.decode()
    assert "cohort.name: You coordinate no cohort of this name." in page


def filled(client, study, **changes):
    """The amendment's form as a browser would send it, with some fields changed."""
    form = client.get(address("study-amend", study.slug)).context["form"]
    data = {name: form[name].value() for name in form.fields}
    data = {k: v for k, v in data.items() if v is not None and v is not False}
    return {**data, "reason": "The committee asked for it.", **changes}


def test_an_amendment_is_shown_first_and_made_when_confirmed(at, cast):
    client = at(cast.coordinator)
    url = address("study-amend", cast.study.slug)
    data = filled(client, cast.study, washout_days=14, primary_arm="short")
    page = client.post(url, data)
    told = [(str(c.label), c.before, c.after) for c in page.context["changes"]]
    assert told == [
        ("Washout between sessions, in days", "0", "14"),
        ("Primary arm", "–", "Arm short"),
    ]
    assert not Amendment.objects.exists()
    hidden = page.context["unseen"]
    confirmed = {name: hidden[name].value() for name in hidden.fields}
    confirmed = {k: v for k, v in confirmed.items() if v is not None}
    response = client.post(url, {**confirmed, "confirmed": page.context["amends"]})
    assert response["Location"] == address("study-detail", cast.study.slug)
    amendment = Amendment.objects.get()
    assert amendment.changes == {"primary_arm": ["", "short"], "washout_days": [0, 14]}
    detail = client.get(response["Location"]).content.decode()
    for text in ("Amendment 1", "The committee asked for it.", "Arm short"):
        assert text in detail
    assert amendment.protocol_sha256 in detail


def test_the_hidden_fields_of_the_preview_say_the_same_again(at, cast):
    """What is confirmed is what was shown, boxes without a tick included."""
    services.protocol_amend(
        study=cast.study,
        by=cast.coordinator,
        reason="x",
        asks_conditions=True,
        image_metrics=["ssim-1"],
    )
    client = at(cast.coordinator)
    data = filled(client, cast.study, long_pause_minutes=20)
    del data["asks_conditions"]
    page = client.post(address("study-amend", cast.study.slug), data)
    said = page.content.decode()
    assert '<input type="hidden" name="asks_conditions" value="False">' in said
    assert '<input type="hidden" name="image_metrics" value="ssim-1">' in said
    assert [str(c.label) for c in page.context["changes"]] == [
        "A long pause is noted after, in minutes",
        "Ask for the viewing conditions",
    ]


def test_who_confirms_a_preview_of_yesterday_sees_the_page_again(at, cast):
    client = at(cast.coordinator)
    url = address("study-amend", cast.study.slug)
    data = filled(client, cast.study, washout_days=14)
    seen = client.post(url, data).context["amends"]
    services.protocol_amend(
        study=cast.study, by=cast.coordinator, reason="Meanwhile.", title="Other"
    )
    page = client.post(url, {**data, "confirmed": seen})
    assert "The protocol was amended meanwhile." in page.content.decode()
    assert Amendment.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Nothing is changed."),
        ({"washout_days": 14, "reason": " "}, "This field is required."),
        ({"title": ""}, "This field is required."),
        ({"washout_days": ""}, "This field is required."),
        ({"washout_days": "soon"}, "Enter a whole number."),
        ({"kappa_margin": "0.1"}, "a margin needs a primary arm"),
        ({"primary_arm": "none"}, "Select a valid choice."),
    ],
)
def test_an_amendment_that_cannot_be_is_refused_in_words(at, cast, changes, said):
    client = at(cast.coordinator)
    url = address("study-amend", cast.study.slug)
    for confirmed in ({}, {"confirmed": cast.study.protocol_sha256}):
        page = client.post(url, {**filled(client, cast.study, **changes), **confirmed})
        assert said in page.content.decode()
        assert "changes" not in page.context
    assert not Amendment.objects.exists()


def test_what_is_not_on_the_form_cannot_be_slipped_in(at, cast):
    client = at(cast.coordinator)
    url = address("study-amend", cast.study.slug)
    data = filled(client, cast.study, washout_days=14, sessions=9, window_rule="fixed")
    client.post(url, {**data, "confirmed": cast.study.protocol_sha256})
    assert set(Amendment.objects.get().changes) == {"washout_days"}


def test_a_gate_is_amended_where_there_is_a_training_set(at, cast, make_open):
    client = at(cast.coordinator)
    url = address("study-amend", cast.study.slug)
    assert "gate" not in client.get(url).context["form"].fields
    study = make_open(training=TRAINING, gate="kappa", gate_minimum="0.60")
    url = address("study-amend", study.slug)
    data = filled(client, study, gate_minimum="0.5")
    client.post(url, {**data, "confirmed": study.protocol_sha256})
    assert Amendment.objects.get().changes == {"gate_minimum": ["0.6", "0.5"]}


def test_drafts_and_unblinded_studies_are_not_amended(at, cast, make_draft):
    client = at(cast.coordinator)
    url = address("study-amend", cast.study.slug)
    assert client.get(address("study-amend", make_draft().slug)).status_code == 404
    services.study_close(study=cast.study, by=cast.coordinator)
    assert client.get(url).status_code == 200
    unblind(cast.study)
    assert client.get(url).status_code == 404
    detail = client.get(address("study-detail", cast.study.slug)).content.decode()
    assert url not in detail


def test_the_download_of_an_amended_study_is_a_file_for_the_next_one(at, cast):
    services.protocol_amend(
        study=cast.study, by=cast.coordinator, reason="x", washout_days=3
    )
    client = at(cast.coordinator)
    content = client.get(address("protocol-download", cast.study.slug)).content
    assert yaml_read(content)["washout_days"] == 3
    again = content.replace(b"slug: phantom-study", b"slug: next-study")
    assert send(client, again).status_code == 302
    assert Study.objects.get(slug="next-study").washout_days == 3
