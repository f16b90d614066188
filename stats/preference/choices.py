"""Which of two images was preferred? Answers as arrays. No Django."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..readings import Integers

LEFT, RIGHT, TIE = 1, 2, 3  # as the question's answers are numbered

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Choices:
    """n pairs that were answered; all arrays are (n,).

    arms: how many there are. left, right: places of the arms of the two images, as
    they stood on the screen. answers: LEFT, RIGHT or TIE (“no difference”). readers:
    places. patients: numbers from 0 of whom the images are.
    """

    arms: int
    left: Integers
    right: Integers
    answers: Integers
    readers: Integers
    patients: Integers

    def __post_init__(self) -> None:
        arrays = (self.left, self.right, self.answers, self.readers, self.patients)
        if any(one.shape != self.answers.shape for one in arrays):
            raise ValueError("the arrays of choices do not belong together")
        if (self.left == self.right).any():
            raise ValueError("an arm is not compared with itself")
        if not np.isin(self.answers, (LEFT, RIGHT, TIE)).all():
            raise ValueError("an answer is neither left, right nor no difference")

    @property
    def people(self) -> int:
        """How many patients there are answers of."""
        return len(np.unique(self.patients))

    def only(self, kept: Flags) -> "Choices":
        """Those where kept (n,) is true."""
        return replace(
            self,
            left=self.left[kept],
            right=self.right[kept],
            answers=self.answers[kept],
            readers=self.readers[kept],
            patients=self.patients[kept],
        )
