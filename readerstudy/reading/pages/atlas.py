"""The examples of a study's grades, as its readers are given them."""

from dataclasses import dataclass

from django.urls import reverse

from readerstudy.imaging.preprocessing import CROP, SHOWN_SLICES

from ..atlas import Grades, load_atlas
from ..models import Study
from ..questions import QUESTION_SETS, SIDES, Question, Words


@dataclass(frozen=True)
class ExampleSide:
    side: str  # the patient's
    value: int
    words: Words


@dataclass(frozen=True)
class Example:
    """The grades of one image; which one it is, its place in the pixels says."""

    sides: tuple[ExampleSide, ...]  # in the order they stand on the screen


@dataclass(frozen=True)
class AtlasPage:
    examples: tuple[Example, ...]
    slices: int
    pixels: int
    interpolation: str
    pixels_url: str
    lut_url: str


def atlas_page(study: Study) -> AtlasPage | None:
    """None: there are no examples of this study's questions."""
    atlas = load_atlas(study.question_set)
    if atlas is None:
        return None
    question = QUESTION_SETS[study.question_set].questions[0]
    return AtlasPage(
        examples=tuple(_example(question, grades) for grades in atlas.grades),
        slices=SHOWN_SLICES,
        pixels=CROP,
        interpolation=study.interpolation,
        pixels_url=reverse("reading:atlas-pixels", args=[study.slug]),
        lut_url=reverse("reading:lut-show", args=[study.lut]),
    )


def _example(question: Question, grades: Grades) -> Example:
    words = {answer.value: answer.words for answer in question.answers}
    given = grades[question.key]
    return Example(
        tuple(ExampleSide(side, given[side], words[given[side]]) for side in SIDES)
    )
