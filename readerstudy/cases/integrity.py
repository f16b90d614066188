"""Whether what is stored of a case still fits together: a last look before reading.

The import and every service see to it that it does. These selectors find what came
about past them: a disk that lost a file, a row that was changed by hand.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .acceptance import report_of
from .matching.parity import SAME_SPACING_MM
from .models import Case, Rendition, Series
from .selectors import rendition_is_whole

HASH_SHOWN = 12  # digits of a SHA-256: enough to tell two images of a case apart


@dataclass(frozen=True)
class Difference:
    """What does not fit together within one case, in a sentence."""

    code: str
    sentence: str


@dataclass(frozen=True)
class _Image:
    """What a rendition says of itself; its file is not opened."""

    method: str
    sha256: str
    provenance: dict[str, Any]


def damaged_renditions(
    cases: Sequence[Case], methods: Collection[str]
) -> list[tuple[str, str]]:
    """(case code, method) of each image whose file is gone or is not what was stored.

    Every file is read: some 0.4 ms for one of 80 kB.
    """
    renditions = Rendition.objects.filter(case__in=cases, method__in=methods)
    return [
        (rendition.case.code, rendition.method)
        for rendition in renditions.select_related("case").order_by(
            "case__code", "method"
        )
        if not rendition_is_whole(rendition)
    ]


def parity_differences(
    cases: Sequence[Case], methods: Collection[str] | None = None
) -> list[Difference]:
    """What differs within each case between its scans, and between its images.

    methods: whose images are looked at; None for all that there are. Images whose
    provenance says neither slice nor input are taken to fit. What the case's own
    report on parity says is left out: that needs a reason (`acceptance`).
    """
    scans: dict[int, dict[str, Series]] = defaultdict(dict)
    for series in Series.objects.filter(case__in=cases):
        scans[series.case_id][series.role] = series
    images: dict[int, list[_Image]] = defaultdict(list)
    for pk, *image in Rendition.objects.filter(case__in=cases).values_list(
        "case", "method", "sha256", "provenance"
    ):
        images[pk].append(_Image(*image))
    found = []
    for case in cases:
        sentences = [
            *_between_scans(case, scans[case.pk]),
            *_between_images(case, images[case.pk], methods),
        ]
        found += [Difference(case.code, sentence) for sentence in sentences]
    return found


def _between_scans(case: Case, scans: dict[str, Series]) -> Iterator[str]:
    report = report_of(case)
    known = {finding.kind for finding in report.findings} if report else set()
    for kind, sentence in _geometry(scans):
        if kind not in known:
            yield sentence


def _geometry(scans: dict[str, Series]) -> Iterator[tuple[str, str]]:
    """(kind of ParityFinding, sentence) of each difference between their grids."""
    if len(scans) < len(Series.Role):  # nothing to compare
        return
    reference, short = scans[Series.Role.REFERENCE], scans[Series.Role.SHORT]
    if _matrix(reference) != _matrix(short):
        yield (
            "matrix",
            _(
                "The reference scan has %(reference)s pixels a slice, the short one "
                "%(short)s."
            )
            % {"reference": _matrix(reference), "short": _matrix(short)},
        )
    if reference.slices != short.slices:
        yield (
            "slices",
            _("The reference scan has %(reference)d slices, the short one %(short)d.")
            % {"reference": reference.slices, "short": short.slices},
        )
    for sentence in _spacing(reference, short):
        yield "spacing", sentence


def _spacing(reference: Series, short: Series) -> Iterator[str]:
    if _apart(reference.column_spacing_mm, short.column_spacing_mm) or _apart(
        reference.row_spacing_mm, short.row_spacing_mm
    ):
        yield _(
            "The pixels of the reference scan measure %(reference)s mm, those of "
            "the short one %(short)s mm."
        ) % {"reference": _pixel(reference), "short": _pixel(short)}
    if _apart(reference.slice_spacing_mm, short.slice_spacing_mm):
        yield _(
            "The slices of the reference scan are %(reference).3f mm apart, those "
            "of the short one %(short).3f mm."
        ) % {
            "reference": reference.slice_spacing_mm,
            "short": short.slice_spacing_mm,
        }


def _matrix(series: Series) -> str:
    return f"{series.columns}×{series.rows}"


def _pixel(series: Series) -> str:
    return f"{series.column_spacing_mm:.3f}×{series.row_spacing_mm:.3f}"


def _apart(one_mm: float, other_mm: float) -> bool:
    # written so that what is not a number is apart from everything
    return not abs(one_mm - other_mm) <= SAME_SPACING_MM


def _between_images(
    case: Case, images: list[_Image], methods: Collection[str] | None
) -> Iterator[str]:
    """Each image must show the slices of today, and be made from today's short one."""
    short = next((i.sha256 for i in images if i.method == Series.Role.SHORT), None)
    for image in images:
        if methods is not None and image.method not in methods:
            continue
        shown = image.provenance.get("central_slice", case.central_slice)
        if shown != case.central_slice:
            yield _(
                "The image “%(method)s” shows slice %(shown)s in its middle, but the "
                "case is read at slice %(read)d."
            ) % {
                "method": image.method,
                "shown": shown + 1 if isinstance(shown, int) else shown,
                "read": case.central_slice + 1,
            }
        made_from = image.provenance.get("input_sha256", short)
        if short and made_from != short:
            yield _(
                "The image “%(method)s” was made from a short image that is no longer "
                "there (SHA-256 %(then)s…, now %(now)s…); make it again."
            ) % {
                "method": image.method,
                "then": str(made_from)[:HASH_SHOWN],
                "now": short[:HASH_SHOWN],
            }
