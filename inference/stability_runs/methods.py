"""Which of a cohort's methods can be looked at, and which of them can be run again."""

from dataclasses import dataclass

from inference import registry
from inference.models import Weights
from readerstudy.cases.models import Cohort, Rendition, Series
from readerstudy.cases.selectors import cohort_methods
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop
from readerstudy.imaging.study_types import STUDY_TYPES

UNTOUCHED = Series.Role.SHORT  # the input as it is: runs, and changes nothing
INPUT = gettext_noop("input")  # so it is called on every page of stacks
NOT_OF_REFERENCE = gettext_noop(
    "The reference is what the others are held against; choose another method."
)
NO_IMAGES = gettext_noop("The cohort has no images by “%(method)s”.")


@dataclass(frozen=True)
class Subject:
    """A method of a cohort's images. spec, weights: None where it cannot be run here,
    or is the input itself.

    title: in words. images: how many cases have one.
    """

    method: str
    title: str
    images: int
    spec: registry.MethodSpec | None = None
    weights: Weights | None = None

    @property
    def runs(self) -> bool:
        """Whether it can be given other inputs than those of the cohort."""
        return self.spec is not None or self.method == UNTOUCHED


def subjects(cohort: Cohort) -> list[Subject]:
    """All but the reference, in the order of a cohort's methods."""
    counted = cohort_methods(cohort)
    return [
        _subject(cohort, method, images)
        for method, images in counted.items()
        if method != Series.Role.REFERENCE
    ]


def subject_get(cohort: Cohort, method: str) -> Subject:
    """Refused for what the cohort has no images of, and for its reference."""
    if method == Series.Role.REFERENCE:
        raise Refused(NOT_OF_REFERENCE)
    images = Rendition.objects.filter(case__cohort=cohort, method=method).count()
    if not images:
        raise Refused(NO_IMAGES % {"method": method})
    return _subject(cohort, method, images)


def _subject(cohort: Cohort, method: str, images: int) -> Subject:
    if method == UNTOUCHED and STUDY_TYPES[cohort.study_type].is_stack:
        return Subject(method, INPUT, images)
    key, _, digest = method.partition("@")
    spec = registry.METHODS.get(key)
    if spec is None or spec.unavailable_reason:
        return Subject(method, method, images)
    if spec.kind == "filter":
        same = _made_alike(cohort, method, spec)
        return Subject(method, spec.title, images, spec if same else None)
    found = _weights(spec, digest)
    if found is None:
        return Subject(method, spec.title, images)
    return Subject(method, found.title, images, spec, found)


def _weights(spec: registry.MethodSpec, digest: str) -> Weights | None:
    rows = Weights.objects.filter(network=spec.key, sha256__startswith=digest)
    found = list(rows[:2])
    return found[0] if digest and len(found) == 1 else None


def _made_alike(cohort: Cohort, method: str, spec: registry.MethodSpec) -> bool:
    """Whether the images were made by the filter as it is set now."""
    rows = Rendition.objects.filter(case__cohort=cohort, method=method)
    settings = rows.values_list("provenance__settings", flat=True)
    return all(one in (None, dict(spec.settings)) for one in settings)
