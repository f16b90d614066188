"""What arms are called on the form of a study, before anybody types a name."""

import pytest

from readerstudy.reading.forms.study import StudyForm
from readerstudy.reading.pages.settings import settings_told
from tests.factory import make_stack_cohort
from tests.stacks import make_stack_study

pytestmark = pytest.mark.django_db


def test_arms_of_stacks_are_called_as_people_call_them(cast):
    cohort = make_stack_cohort(coordinators=[cast.coordinator])
    methods = {"reference": 4, "short": 4, "gaussian": 4, "nlm": 4, "unet@12": 4}
    arms = StudyForm(cohort=cohort, methods=methods).arms
    titles = [arm["title"].value() for arm in arms]
    assert titles[:4] == ["Reference", "Input", "Gaussian filter", "Non-local means"]
    assert titles[4] == "unet"


def test_only_questions_that_a_standard_answers_tell_of_one(cast, make_draft):
    def labels(study):
        return {str(label) for group in settings_told(study) for label, _ in group.rows}

    told = "Reference standard"
    assert told in labels(make_draft())
    study = make_stack_study(cast, question_set="forced-choice")
    assert told not in labels(study)
    study.question_set = "finding-confidence"
    assert told in labels(study)
