"""Which images show a network patients whom it knows already."""

from collections.abc import Collection, Sequence

from ..learning import LEARNED_FROM, Learned
from ..models import Case, Rendition


def images_learned_from(
    cases: Sequence[Case], methods: Collection[str]
) -> list[tuple[str, str, Learned | None]]:
    """(method, case code, what the patient was) of each image of a network that may
    not be read; None: the image does not say, it was made by an earlier version.
    """
    wanted = {case.pk for case in cases}
    cohorts = {case.cohort_id for case in cases}
    renditions = Rendition.objects.filter(
        case__cohort__in=cohorts, method__in=methods, provenance__made_by="network"
    ).order_by("method", "case__code")
    found: list[tuple[str, str, Learned | None]] = []
    for case, code, method, provenance in renditions.values_list(
        "case", "case__code", "method", "provenance"
    ):
        said = provenance.get(LEARNED_FROM)
        learned = Learned(said) if said in set(Learned) else None
        if case in wanted and learned is not Learned.NOT:
            found.append((method, code, learned))
    return found
