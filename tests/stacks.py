"""Studies of whole stacks, open and read by the cast's reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from django.contrib.auth.models import User

from readerstudy.cases.models import Cohort
from readerstudy.imaging.study_types import HOUNSFIELD
from readerstudy.reading.models import Study
from readerstudy.simulation.ct import draw_chest, render_chest
from tests.cast import Cast
from tests.factory import STACK, make_stack_cohort, make_study

CHEST = (3, 256, 256)
CHEST_WINDOWS = [
    {"key": one.key, "title": one.title, "low": one.low, "high": one.high}
    for one in sorted(HOUNSFIELD, key=lambda one: one.key != "lung")
]

__all__ = [
    "CHEST",
    "CHEST_WINDOWS",
    "STACK",
    "People",
    "chest_image",
    "make_stack_cohort",
    "make_stack_study",
]


@dataclass(frozen=True)
class People:
    """Whom a study needs, where the cast's names would be met in every text."""

    coordinator: User
    reader: User


@cache
def _chest(number: int, slices: int) -> np.ndarray:
    return render_chest(draw_chest(seed=5, index=number), slices=slices)


def chest_image(number: int, index: int, shape: Sequence[int]) -> np.ndarray:
    """For pages that are looked at: a chest, noisier with every method."""
    rng = np.random.default_rng([number, index])
    chest = _chest(number, shape[0])
    return chest + rng.normal(0, 10 + 25 * index, chest.shape)


def make_stack_study(
    cast: Cast | People, *, cohort: Cohort | None = None, **settings: object
) -> Study:
    """Of two arms, or of the pairs of three; keywords are settings of the study."""
    cohort = cohort or make_stack_cohort(coordinators=[cast.coordinator])
    asked = settings.setdefault("question_set", "image-quality")
    arms = 3 if asked == "forced-choice" else 2
    defaults: dict[str, object] = {
        "slug": "by-hand",
        "answer_changes": "session",
        "sessions": 1,
        "repeated": "",
        "methods": ("reference", "short", "gaussian")[:arms],
    }
    if asked == "finding-confidence":
        defaults["reference_standard"] = "given"
        defaults["given_standard"] = [
            {"case": case.code, "image": place % 2}
            for place, case in enumerate(cohort.cases.order_by("code"))
        ]
    return make_study(
        cohort,
        coordinator=cast.coordinator,
        readers=[cast.reader],
        **{**defaults, **settings},
    )
