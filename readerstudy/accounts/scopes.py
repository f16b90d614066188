"""What a token may be made for. A scope opens a door; what lies behind it is decided
by its owner's roles, as on the pages."""

from django.utils.translation import gettext_lazy as _

SCOPES = {
    "cohorts:read": _("See cohorts, cases and uploads"),
    "cohorts:write": _("Send files, import and change cohorts"),
    "networks:read": _("See networks, jobs and trainings"),
    "networks:write": _("Upload networks, start and stop jobs and trainings"),
    "studies:read": _("See studies, their protocol and progress"),
    "studies:write": _("Write, open, conduct and close studies"),
    "reports:read": _("See reports and take exports of unblinded studies"),
    "reads:write": _("Read: be shown images and answer"),
}
