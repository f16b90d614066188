"""How answers about whole images, and the metrics of stacks, are called on a report."""

from collections.abc import Mapping, Sequence

from django import template
from django.utils.translation import gettext as _

from readerstudy.imaging.study_types import STUDY_TYPES
from stats.agreement.several_readers import CoefficientName
from stats.reporting.analysis_plan import Metric
from stats.reporting.asked import Asked
from stats.reporting.stack_section import StackCriterion, WorstStack
from stats.templatetags.report_numbers import number, signed

register = template.Library()


@register.filter
def told(stored: str) -> str:
    """Stored English in the page's language; what somebody typed as it is."""
    return _(stored) if stored else ""


@register.filter
def answer_words(question: Asked, value: int) -> str:
    """3 → something removed."""
    return told(dict(question.answers).get(value, str(value)))


@register.filter
def type_title(key: str) -> str:
    return told(STUDY_TYPES[key].title) if key in STUDY_TYPES else key


@register.filter
def metric_title(metric: Metric) -> str:
    """PSNR (dB), mean error (HU)."""
    name = _("Mean error") if metric.key == "mean-error" else metric.key.upper()
    return f"{name} ({metric.unit})" if metric.unit else name


@register.filter
def stack_criterion(criterion: StackCriterion) -> str:
    return {
        StackCriterion.PSNR: _("Lowest PSNR"),
        StackCriterion.ERROR: _("Largest mean absolute error"),
        StackCriterion.SHIFT: _("Mean error furthest from 0"),
    }[criterion]


@register.filter
def worst_stack_value(one: WorstStack, unit: str) -> str:
    """31.20 dB, 12.3 HU or −4.1 HU."""
    if one.criterion is StackCriterion.PSNR:
        return f"{number(one.value, 2)} dB"
    written = number if one.criterion is StackCriterion.ERROR else signed
    return f"{written(one.value, 1)} {unit}".rstrip()


@register.filter
def coefficient_title(name: CoefficientName) -> str:
    return {
        "light": _("Light’s κ"),
        "light_unweighted": _("Light’s κ"),
        "fleiss": _("Fleiss’ κ"),
        "conger": _("Conger’s κ"),
        "ac1": _("Gwet’s AC1"),
        "ac2": _("Gwet’s AC2"),
        "alpha_nominal": _("Krippendorff’s α, nominal"),
        "alpha_ordinal": _("Krippendorff’s α, ordinal"),
        "icc_2_1": "ICC(A,1)",
        "icc_3_1": "ICC(C,1)",
    }[name]


@register.filter
def from_one(place: int) -> int:
    """A place that is counted from 0, as people count."""
    return place + 1


@register.filter
def whole(value: float) -> str:
    """400.0 → 400; 0.5 → 0.5; counts to the last digit, without an exponent."""
    return f"{value:.12g}".replace("-", "−")


@register.filter
def of_key(by_key: Mapping[str, Sequence[object]], key: str) -> Sequence[object]:
    return by_key.get(key, ())
