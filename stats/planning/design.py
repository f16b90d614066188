"""What one supposes of a study before it is read, and studies that are drawn from it.

A side of a patient has a disease, a number of standard normal distribution that is cut
into grades. Every image adds an error of its own to it, the same for all its readers;
every reading adds one of the reader. Errors, like the disease, are correlated between
the sides of a patient. The readings of the reference are the standard: their images
have no error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from ..agreement.kappa import Weighting, confusion_table
from ..multireader.covariance import kappas_of_tables
from ..readings import GradeTable

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SIDES = 2
TRIAL_PATIENTS = 20_000  # to find the errors that give the kappas supposed
MOST_ERROR = 20.0  # standard deviations of the disease: kappa is next to 0
STEPS = 24


@dataclass(frozen=True)
class Design:
    """shares: (k,) of each grade in the standard, lowest first; they sum to 1.

    within_reader: kappa of two readings of one image by one reader, 0 to 1. primary,
    control: kappa of a reader's grades in these arms with the standard, 0 to
    within_reader. sides: correlation of the two sides of a patient, 0 to 1. alike: of
    the error variance of an image, the share that is the same in both arms, 0 to 1.
    """

    shares: tuple[float, ...]
    within_reader: float
    primary: float
    control: float
    sides: float
    alike: float
    weighting: Weighting = "quadratic"

    def __post_init__(self) -> None:
        if len(self.shares) < 2 or min(self.shares) < 0 or max(self.shares) >= 1:
            raise Refused(gettext_noop("Two grades at least must be used."))
        if abs(sum(self.shares) - 1) > 1e-6:
            raise Refused(gettext_noop("The shares of the grades must sum to 1."))
        for share in (self.sides, self.alike):
            if not 0 <= share <= 1:
                raise Refused(gettext_noop("Correlations lie between 0 and 1."))
        if not 0 < self.within_reader < 1:
            raise Refused(
                gettext_noop("Kappa within a reader must lie between 0 and 1.")
            )
        if not min(self.primary, self.control) >= 0:
            raise Refused(gettext_noop("An expected kappa is 0 or more."))
        if max(self.primary, self.control) > self.within_reader:
            raise Refused(
                gettext_noop(
                    "Readers cannot be expected to agree more with the standard than "
                    "with themselves."
                )
            )

    @property
    def difference(self) -> float:
        """Kappa of the primary arm minus that of the control arm."""
        return self.primary - self.control

    @cached_property
    def errors(self) -> "Errors":
        """The errors that make the kappas; found by bisection on a simulated cohort."""
        rng = np.random.default_rng(1)
        drawn = _Drawn(*(_sides(rng, (TRIAL_PATIENTS,), self.sides) for _ in range(4)))

        def within(own: float) -> float:
            return self._kappa(drawn.reading(own, 0.0), drawn.standard(own))

        own = _bisect(within, self.within_reader)

        def with_standard(image: float) -> float:
            return self._kappa(drawn.reading(own, image), drawn.standard(own))

        found = [
            _bisect(with_standard, kappa) for kappa in (self.primary, self.control)
        ]
        return Errors(own, found[0], found[1])

    def _kappa(self, first: Floats, second: Floats) -> float:
        k = len(self.shares)
        table = confusion_table(
            self._grades(first).ravel(), self._grades(second).ravel(), categories=k
        )
        counts = table.astype(np.float64)[None]
        return float(kappas_of_tables(counts, weighting=self.weighting)[0])

    def _grades(self, latent: Floats) -> Integers:
        """Places of the grades of numbers of standard normal distribution."""
        from scipy.special import ndtri

        cuts = ndtri(np.cumsum(self.shares)[:-1])
        grades: Integers = np.digitize(latent, cuts).astype(np.int64)
        return grades

    def draw(
        self, rng: np.random.Generator, *, patients: int, readers: int
    ) -> GradeTable:
        """A study of both sides of patients: arm 0 the primary, arm 1 the control."""
        own, *image = self.errors.own, self.errors.primary, self.errors.control
        disease = _sides(rng, (patients,), self.sides)
        common = _sides(rng, (patients,), self.sides)
        apart = _sides(rng, (2, patients), self.sides)
        noise = np.sqrt(self.alike) * common + np.sqrt(1 - self.alike) * apart
        scale = np.array(image)[:, None, None]
        shown = disease + scale * noise
        readings = shown + own * _sides(rng, (readers, 2, patients), self.sides)
        readings /= np.sqrt(1 + own**2 + scale**2)
        standard = disease + own * _sides(rng, (readers, patients), self.sides)
        standard /= np.sqrt(1 + own**2)
        return GradeTable(
            categories=tuple(range(1, len(self.shares) + 1)),
            grades=self._grades(readings).reshape(readers, 2, patients * SIDES),
            standard=self._grades(standard).reshape(readers, patients * SIDES),
            patients=np.repeat(np.arange(patients), SIDES),
        )


@dataclass(frozen=True)
class Errors:
    """Standard deviations, that of the disease being 1: of a reader's reading, and of
    the images of both arms."""

    own: float
    primary: float
    control: float


@dataclass(frozen=True)
class _Drawn:
    """The same numbers for every error that is tried. Each (patients, sides)."""

    disease: Floats
    first: Floats
    second: Floats
    image: Floats

    def standard(self, own: float) -> Floats:
        latent: Floats = (self.disease + own * self.first) / np.sqrt(1 + own**2)
        return latent

    def reading(self, own: float, image: float) -> Floats:
        latent = self.disease + own * self.second + image * self.image
        found: Floats = latent / np.sqrt(1 + own**2 + image**2)
        return found


def _sides(
    rng: np.random.Generator, shape: tuple[int, ...], correlation: float
) -> Floats:
    """(…, sides) standard normal, the sides of one patient correlated."""
    shared = rng.standard_normal((*shape, 1))
    own = rng.standard_normal((*shape, SIDES))
    found: Floats = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
    return found


def _bisect(kappa: Callable[[float], float], wanted: float) -> float:
    """The error at which kappa, which falls with it, is as wanted."""
    low, high = 0.0, MOST_ERROR
    for _ in range(STEPS):
        middle = (low + high) / 2
        if kappa(middle) > wanted:
            low = middle
        else:
            high = middle
    return low
