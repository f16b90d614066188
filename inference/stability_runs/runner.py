"""A method as the stability suite calls it: many images of one case in, as many out.

They pass the same code as those of a job, so what the suite sees is the arm itself.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference import computing, selectors
from inference.devices import CPU
from inference.exports import exports_folder
from inference.learned import learned_under
from inference.stability import CaseImages, Run
from inference.whole_stacks import Scale, WholeStacks, scale_of
from readerstudy.cases.models import Series
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.imaging.study_types import study_type_get

from .cases import CaseFiles
from .methods import UNTOUCHED, Subject

Stacks = NDArray[np.float32]  # (n, slices, rows, columns)


class Runner:
    """told: what computes: device, versions. alive: called while images come; what it
    raises ends the run."""

    def __init__(
        self,
        subject: Subject,
        method: computing.Method | None,
        alive: Callable[[], None],
    ) -> None:
        self._subject, self._method, self._alive = subject, method, alive
        self.told: Mapping[str, Any] = {"device": CPU, "versions": {}}
        if method:
            self.told = method.told

    def of(self, files: CaseFiles, images: CaseImages) -> Run | None:
        """For one case; None where there are only its images."""
        if self._subject.method == UNTOUCHED:
            return lambda stacks: stacks
        if self._method is None:
            return None
        if images.relative:
            return self._in_eight_bits
        tiled = self._subject.weights is not None
        whole = WholeStacks(self._method, tiled=tiled, alive=self._alive)
        scale = _scale(files, images)
        return lambda stacks: self._in_unit(whole, stacks, scale)

    def _in_eight_bits(self, stacks: Stacks) -> Stacks:
        assert self._method
        numbered = ((place, to_eight_bit(one)) for place, one in enumerate(stacks))
        return self._all(self._method.outputs(numbered), stacks)

    def _in_unit(self, method: WholeStacks, stacks: Stacks, scale: Scale) -> Stacks:
        numbered = ((place, one, scale) for place, one in enumerate(stacks))
        return self._all(method.outputs(numbered), stacks)

    def _all(
        self, parts: Iterator[list[tuple[int, Stacks | Refused]]], stacks: Stacks
    ) -> Stacks:
        """All of them, or Refused. Every one is waited for even where one is refused:
        what a network's process has been asked must be answered before the next
        question."""
        found: Stacks = np.empty_like(stacks, dtype=np.float32)
        refused: dict[int, Refused] = {}
        for part in parts:
            for place, output in part:
                if isinstance(output, Refused):
                    refused[place] = output
                else:
                    found[place] = output
            self._alive()
        if refused:
            raise refused[min(refused)]
        return found


def _scale(files: CaseFiles, images: CaseImages) -> Scale:
    """As a job takes it."""
    kind = study_type_get(files.case.cohort.study_type)
    short = files.case.series.filter(role=Series.Role.SHORT).first()
    return scale_of(kind, short.unit if short else "", images.short)


@contextmanager
def open_runner(subject: Subject, alive: Callable[[], None]) -> Iterator[Runner]:
    """A network in a process of its own, which ends with this block."""
    if subject.spec is None:
        yield Runner(subject, None, alive)
    elif subject.weights is None:
        with computing.open_filter(subject.spec) as method:
            yield Runner(subject, method, alive)
    else:
        file = selectors.network_file(subject.weights)
        window = learned_under(subject.weights.card).window
        opened = computing.open_network(file, cache=exports_folder(), window=window)
        with opened as method:
            yield Runner(subject, method, alive)
