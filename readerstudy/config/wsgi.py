"""The web process's entry point. It must never import torch (2.4 CPU seconds)."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from readerstudy.config import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readerstudy.config.settings.embedded")

application = get_wsgi_application()

if settings.CHECKED_AT_START:
    checks.refuse_half_configured()
