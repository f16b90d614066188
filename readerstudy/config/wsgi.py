"""The web process's entry point. It must never import torch (2.4 CPU seconds)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readerstudy.config.settings.embedded")

application = get_wsgi_application()
