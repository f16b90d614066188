"""How regions of an image, and the failures looked for in them, are called."""

from django import template
from django.utils.translation import gettext as _

from stats.models import Mask
from stats.outcomes import Interval, NotEstimable
from stats.reporting.worst_cases import Criterion, WorstCase
from stats.templatetags.report_numbers import number, signed

register = template.Library()


@register.filter
def mask_name(mask: str) -> str:
    return str(Mask(mask).label)


@register.filter
def criterion_name(criterion: Criterion) -> str:
    return {
        Criterion.PSNR: _("Lowest PSNR"),
        Criterion.BINDING: _("Largest error of the binding ratio"),
        Criterion.SUPPRESSION: _("Background suppressed most"),
        Criterion.EMPHASIS: _("Striatum emphasised most"),
    }[criterion]


@register.filter
def worst_value(one: WorstCase) -> str:
    """30.12 dB, −0.84 (left), or +12.3 %."""
    if one.criterion is Criterion.PSNR:
        return f"{number(one.value, 2)} dB"
    if one.criterion is Criterion.BINDING:
        side = {"right": _("right"), "left": _("left")}[one.side]
        return f"{signed(one.value, 2)} ({side})"
    return signed_percent(one.value)


@register.filter
def signed_percent(value: float | NotEstimable) -> str:
    """0.123 → +12.3 %."""
    if isinstance(value, NotEstimable):
        return signed(value, 1)
    return f"{signed(100 * value, 1)} %"


@register.filter
def percent_interval(value: Interval | NotEstimable) -> str:
    """+10.1 to +14.5 %."""
    if isinstance(value, NotEstimable):
        return signed(value, 1)
    return _("%(low)s to %(high)s") % {
        "low": signed(100 * value.low, 1),
        "high": f"{signed(100 * value.high, 1)} %",
    }


@register.filter
def signed_interval(value: Interval | NotEstimable, digits: int) -> str:
    """−0.12 to +0.30."""
    if isinstance(value, NotEstimable):
        return signed(value, digits)
    return _("%(low)s to %(high)s") % {
        "low": signed(value.low, digits),
        "high": signed(value.high, digits),
    }
