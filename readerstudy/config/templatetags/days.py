"""Dates as people say them, beside the date itself."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def days_ahead(moment: datetime) -> str:
    """In how many calendar days of the site's time zone a moment to come lies."""
    days = (timezone.localdate(moment) - timezone.localdate()).days
    if days <= 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    return ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}
