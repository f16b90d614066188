"""Starting the web process must stay quick: torch alone takes seconds to load."""

import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "sklearn", "skimage", "statsmodels", "scipy.ndimage", "pandas")
PROGRAM = f"""
import sys
from django.test import RequestFactory
from readerstudy.config.wsgi import application
from django.urls import get_resolver
def walk(patterns):
    for pattern in patterns:
        getattr(pattern, "callback", None)
        walk(getattr(pattern, "url_patterns", []))
walk(get_resolver().url_patterns)
from inference import forms, selectors, services, tasks
print([name for name in {HEAVY!r} if name in sys.modules])
"""


@pytest.mark.pure
def test_the_web_process_and_all_its_pages_load_no_torch(tmp_path):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.embedded",
        "VAR_DIR": str(tmp_path),
    }
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"
