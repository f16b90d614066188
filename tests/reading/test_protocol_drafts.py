"""Whose draft a protocol file may write anew."""

import pytest

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.protocol.plain_yaml import yaml_write
from tests.factory import make_cohort, make_study
from tests.stacks import make_stack_study

from .test_protocol_file import SMALLEST, load, whole_draft

pytestmark = pytest.mark.django_db


def test_who_loads_a_file_coordinates_its_study_even_if_it_does_not_say_so(cast):
    names = {"people": {"coordinators": ["other-coordinator"]}}
    study = load({**SMALLEST, **names}, cast).study
    people = study.memberships.filter(role="coordinator")
    assert {m.user.username for m in people} == {"coordinator", "other-coordinator"}


def test_a_further_coordinator_writes_the_draft_anew_without_having_the_cohort(cast):
    whole_draft(cast)
    content = yaml_write({**SMALLEST, "slug": "whole"}).encode()
    loaded = services.protocol_load(content=content, by=cast.stranger)
    assert not loaded.made
    with pytest.raises(Refused, match="You coordinate no cohort of this name"):
        services.protocol_load(content=yaml_write(SMALLEST).encode(), by=cast.stranger)


def test_a_draft_stays_of_its_cohort(cast):
    whole_draft(cast)
    make_cohort("Others", cases_wanted=1, coordinators=[cast.coordinator])
    other = {**SMALLEST, "slug": "whole", "cohort": {"name": "Others"}}
    with pytest.raises(Refused) as refused:
        load(other, cast)
    assert str(refused.value) == (
        "cohort.name: The draft “whole” is of the cohort “Phantoms” and stays so."
    )


@pytest.mark.parametrize("slug", ["phantom-study", "other-study", "new", "theirs"])
def test_no_study_but_ones_own_draft_is_written_anew(cast, slug):
    make_study(
        make_cohort("Theirs", coordinators=[cast.other_coordinator]),
        slug="theirs",
        coordinator=cast.other_coordinator,
        readers=[],
        opened=False,
    )
    told = "a word of this site" if slug == "new" else "already taken"
    with pytest.raises(Refused, match=f"slug: The short name “{slug}” is {told}"):
        load({**SMALLEST, "slug": slug}, cast)


def test_a_draft_is_written_anew_only_if_that_is_wanted(cast):
    load(SMALLEST, cast)
    with pytest.raises(Refused, match="slug: There is a draft of this short name"):
        load(SMALLEST, cast, replaces=False)
    load({**SMALLEST, "slug": "another"}, cast, replaces=False)


def test_other_words_of_a_drafts_own_questions_are_in_the_audit_log(cast):
    """As a hash, for they may name an arm."""
    answers = [{"value": value, "words": str(value)} for value in (1, 2)]
    asked = {"key": "grade", "kind": "grade", "answers": answers}
    own = [{**asked, "words": "Uptake"}]
    load({**SMALLEST, "slug": "own", "questions": own}, cast)
    load({**SMALLEST, "slug": "own", "questions": [{**own[0], "words": "Loss"}]}, cast)
    event = AuditEvent.objects.filter(action="study.update").latest("pk")
    differs = {key for key in event.after if event.after[key] != event.before[key]}
    assert differs == {"arms_sha256"}
    assert "Loss" not in str(event.after)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("forced-choice", "image-quality", "single"),
        ("image-quality", "forced-choice", "pairs"),
    ],
)
def test_with_other_questions_a_draft_shows_as_many_images_as_they_are_asked_of(
    cast, before, after, shown
):
    study = make_stack_study(cast, question_set=before, opened=False)
    changed = services.draft_change(
        study=study, by=cast.coordinator, changes={"questions": after}
    )
    assert (changed.question_set, changed.presentation) == (after, shown)
    with pytest.raises(Refused, match="follows from the questions"):
        services.draft_change(
            study=study,
            by=cast.coordinator,
            changes={"questions": before, "display": {"presentation": shown}},
        )
