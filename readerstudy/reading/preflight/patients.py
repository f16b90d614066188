"""What the preflight asks of the patients: whom a network knows, whose scans were
resampled."""

from collections import defaultdict
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.cases.learning import Learned
from readerstudy.cases.models import Case, Series
from readerstudy.cases.selectors.learning import images_learned_from

from ..models import Study
from .findings import Finding, named


def patient_findings(study: Study, cases: list[Case]) -> list[Finding]:
    """cases: those that are read."""
    return [*_check_resampling(study, cases), *_check_learning(study, cases)]


def _check_resampling(study: Study, cases: list[Case]) -> Iterator[Finding]:
    """Of what readers are trained with, too: they see it."""
    if study.resampling_allowed:
        return
    shown = {case.pk for case in cases} | set(
        study.training.values_list("case", flat=True)
    )
    resampled = Series.objects.filter(
        case__cohort=study.cohort_id, resampled_from__isnull=False
    ).order_by("case__code")
    codes = [
        code
        for case, code in resampled.values_list("case", "case__code").distinct()
        if case in shown
    ]
    if codes:
        yield Finding(
            ngettext(
                "Scans of %(count)d case were resampled to pixels of 3.29 mm, which "
                "this protocol does not allow: %(codes)s.",
                "Scans of %(count)d cases were resampled to pixels of 3.29 mm, which "
                "this protocol does not allow: %(codes)s.",
                len(codes),
            )
            % {"count": len(codes), "codes": named(codes)},
            "study",
        )


def _check_learning(study: Study, cases: list[Case]) -> Iterator[Finding]:
    """A network shows what it can on patients whom it never met."""
    titles = {arm.method: arm.title for arm in study.arms.all()}
    found: dict[tuple[str, Learned | None], list[str]] = defaultdict(list)
    for method, code, learned in images_learned_from(cases, titles):
        found[method, learned].append(code)
    for (method, learned), codes in found.items():
        place = {"arm": titles[method], "count": len(codes), "codes": named(codes)}
        sentence = _sentences(len(codes))[learned]
        yield Finding(sentence % place, "study" if learned else "cohort")


def _sentences(count: int) -> dict[Learned | None, str]:
    return {
        Learned.TRAINING: ngettext(
            "The network of the arm “%(arm)s” learned from the patient of %(count)d "
            "case, which cannot be read in it: %(codes)s.",
            "The network of the arm “%(arm)s” learned from the patients of %(count)d "
            "cases, which cannot be read in it: %(codes)s.",
            count,
        ),
        Learned.VALIDATION: ngettext(
            "The network of the arm “%(arm)s” was chosen by the patient of %(count)d "
            "case, which cannot be read in it: %(codes)s.",
            "The network of the arm “%(arm)s” was chosen by the patients of %(count)d "
            "cases, which cannot be read in it: %(codes)s.",
            count,
        ),
        Learned.UNKNOWN: _(
            "The weights of the arm “%(arm)s” do not say which patients they learned "
            "from, so no case can be read in it."
        ),
        None: _(
            "Images of the arm “%(arm)s” do not say which patients its network learned "
            "from; make them again: %(codes)s."
        ),
    }
