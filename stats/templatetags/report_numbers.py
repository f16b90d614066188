"""How numbers are printed on a report; what does not exist says so."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from readerstudy.reading.models import Deviation, Membership, Study, ViewingCheck
from readerstudy.reading.protocol.words import WORDS
from stats.agreement.kappa import Weighting
from stats.image_quality.similarity import MeanSpread
from stats.outcomes import Interval, NotEstimable
from stats.reasons import REASON_WORDS

register = template.Library()

CHOICES = {
    "weights": Study.KappaWeights,
    "interval": Study.KappaInterval,
    "standard": Study.Standard,
    "gate": Study.Gate,
    "guesses": Study.Guesses,
    "role": Membership.Role,
    "deviation": Deviation.Kind,
    "display": ViewingCheck.Display,
    "room-light": ViewingCheck.RoomLight,
}


@register.filter
def label(value: str, kind: str) -> str:
    """What a page calls a stored value of one of the CHOICES; itself if unknown."""
    words = WORDS[kind] if kind in WORDS else dict(CHOICES[kind].choices)
    return str(words.get(value, value))


@register.filter
def kappa_name(weighting: Weighting) -> str:
    return {
        "quadratic": _("Quadratic weighted kappa"),
        "linear": _("Linearly weighted kappa"),
        "unweighted": _("Unweighted kappa"),
    }[weighting]


def _nothing(value: NotEstimable) -> SafeString:
    return format_html(
        '<span class="not-estimable">{} <small>({})</small></span>',
        _("not estimable"),
        REASON_WORDS[value.reason],
    )


def _minus(text: str) -> str:
    """A true minus sign, and none before a rounded zero."""
    if text.startswith("-"):
        return text[1:] if not text.strip("-0.") else "−" + text[1:]
    return text


@register.filter
def number(value: float | NotEstimable, digits: int) -> str:
    """0.4187 → 0.42; or “not estimable” with its reason."""
    if isinstance(value, NotEstimable):
        return _nothing(value)
    return _minus(f"{value:.{digits}f}")


@register.filter
def signed(value: float | NotEstimable, digits: int) -> str:
    """A difference: 0.1 → +0.10."""
    if isinstance(value, NotEstimable):
        return _nothing(value)
    text = f"{value:+.{digits}f}"
    return f"{0:.{digits}f}" if not text.strip("+-0.") else text.replace("-", "−")


@register.filter
def interval(value: Interval | NotEstimable, digits: int) -> str:
    """0.31 to 0.55."""
    if isinstance(value, NotEstimable):
        return _nothing(value)
    return _("%(low)s to %(high)s") % {
        "low": number(value.low, digits),
        "high": number(value.high, digits),
    }


@register.filter
def count_range(value: tuple[int, int]) -> str:
    """(6, 6) → 6; (4, 6) → 4 to 6."""
    low, high = value
    if low == high:
        return str(low)
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


@register.filter
def p_value(value: float | NotEstimable) -> str:
    """Three decimals; smaller ones as < 0.001."""
    if isinstance(value, NotEstimable):
        return _nothing(value)
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


@register.filter
def mean_sd(value: MeanSpread, digits: int) -> str:
    """32.68 ± 1.68."""
    if isinstance(value.mean, NotEstimable):
        return _nothing(value.mean)
    if isinstance(value.standard_deviation, NotEstimable):
        return number(value.mean, digits)
    return f"{number(value.mean, digits)} ± {number(value.standard_deviation, digits)}"


@register.filter
def percent_1(value: float) -> str:
    """0.0154 → 1.5 %."""
    return f"{100 * value:.1f} %"


@register.filter
def percent(value: float | NotEstimable) -> str:
    """0.615 → 62 %."""
    if isinstance(value, NotEstimable):
        return _nothing(value)
    return f"{100 * value:.0f} %"


@register.filter
def percent_interval(value: Interval | NotEstimable) -> str:
    """41 % to 89 %."""
    if isinstance(value, NotEstimable):
        return _nothing(value)
    return _("%(low)s to %(high)s") % {
        "low": percent(value.low),
        "high": percent(value.high),
    }
