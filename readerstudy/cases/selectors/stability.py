"""What is known of the stability of a cohort's methods."""

import hashlib
import json
from collections.abc import Collection, Sequence
from io import BytesIO

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused

from ..models import Cohort, Rendition, Series, Stability, StabilityCase


def stabilities_of(cohort: Cohort, methods: Collection[str]) -> dict[str, Stability]:
    """method → what was found of it, of those methods that were looked at."""
    rows = Stability.objects.filter(cohort=cohort, method__in=methods)
    return {row.method: row for row in rows}


def stability_cases(stability: Stability) -> QuerySet[StabilityCase]:
    """Its cases in the order of their codes, each with its case."""
    return stability.cases.select_related("case").order_by("case__code")


def stability_maps(found: StabilityCase) -> dict[str, NDArray[np.float32]]:
    """Its maps by name, (slices, rows, columns) each; only if they are still those
    that were stored. Empty where there are none."""
    if not found.maps:
        return {}
    damaged = _("The stored maps of case %(code)s cannot be used.")
    try:
        with found.maps.open("rb") as file:
            content = file.read()
    except OSError as error:
        raise Refused(damaged % {"code": found.case.code}) from error
    if hashlib.sha256(content).hexdigest() != found.sha256:
        raise Refused(damaged % {"code": found.case.code})
    maps = np.load(BytesIO(content), allow_pickle=False)
    return dict(zip(found.map_names, maps, strict=True))


def images_digest(images: Sequence[tuple[str, str, str]]) -> str:
    """One SHA-256 over those of the images that went in: of each case, by its code,
    reference, input and output."""
    lines = (" ".join(of_case) for of_case in images)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def stability_is_current(stability: Stability) -> bool:
    """Whether the images that it is about are still those that are stored."""
    methods = (*Series.Role.values, stability.method)
    rows = Rendition.objects.filter(
        case__stabilities__stability=stability, method__in=methods
    ).values_list("case__code", "method", "sha256")
    found: dict[str, dict[str, str]] = {}
    for code, method, sha256 in rows:
        found.setdefault(code, {})[method] = sha256
    reference, short, output = methods
    images = [
        (of.get(reference, ""), of.get(short, ""), of.get(output, ""))
        for _code, of in sorted(found.items())
    ]
    return images_digest(images) == stability.images_sha256


def stability_digest(stability: Stability, cases: Sequence[StabilityCase]) -> str:
    """SHA-256 of all that was found: numbers of the method and of every case, curves,
    and the maps. By what a study calls cases, so that it is the same in any database.
    """
    found = {
        "suite": stability.suite,
        "settings": stability.settings,
        "measures": stability.measures,
        "series": stability.series,
        "images": stability.images_sha256,
        "cases": {one.case.code: [one.numbers, one.sha256] for one in cases},
    }
    text = json.dumps(found, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
