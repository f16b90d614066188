"""How numbers of the stability suite are printed."""

from django import template
from django.utils.translation import gettext as _

from readerstudy.imaging.map_pictures import STYLES

register = template.Library()

SIGNS = {"most": "≤ ", "least": "≥ ", "within": "± "}


@register.filter
def stability_number(value: float | None) -> str:
    """About three digits: 0.034 → 0.03, 12.34 → 12.3, 123.4 → 123; a true minus."""
    if value is None:
        return "–"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    text = f"{value:.{digits}f}"
    if text.startswith("-"):
        return text[1:] if not text.strip("-0.") else "−" + text[1:]
    return text


@register.filter
def stability_span(low: float, high: float) -> str:
    """0.31 to 0.55."""
    return _("%(low)s to %(high)s") % {
        "low": stability_number(low),
        "high": stability_number(high),
    }


@register.filter
def stability_limit(limit: float) -> str:
    """As it was written: 5.0 → 5."""
    return f"{limit:g}"


@register.filter
def stability_sign(side: str) -> str:
    """What stands before a limit: at most, at least, or in size at most."""
    return SIGNS[side]


@register.filter
def map_title(name: str) -> str:
    return _(STYLES[name].title) if name in STYLES else name


@register.filter
def map_key(name: str) -> str:
    """From where to where the colours of a map go."""
    style = STYLES[name]
    return _("%(map)s: from %(low)s to %(high)s %(unit)s") % {
        "map": _(style.title),
        "low": f"{style.low:g}",
        "high": f"{style.high:g}",
        "unit": style.unit,
    }
