"""How differences of shares are printed on a report."""

from django import template
from django.utils.translation import gettext as _

from stats.outcomes import Interval, NotEstimable
from stats.templatetags.report_numbers import interval, signed

register = template.Library()


@register.filter
def exists(value: object) -> bool:
    """It is estimable; where it is not, the reason stands elsewhere in the row."""
    return not isinstance(value, NotEstimable)


@register.filter
def points(value: float | NotEstimable) -> str:
    """A difference of shares, 0.123 → +12 percentage points, the unit in the head."""
    return signed(value if isinstance(value, NotEstimable) else 100 * value, 0)


@register.filter
def points_interval(value: Interval | NotEstimable) -> str:
    """−5 to +21."""
    if isinstance(value, NotEstimable):
        return interval(value, 0)
    return _("%(low)s to %(high)s") % {
        "low": points(value.low),
        "high": points(value.high),
    }
