"""For the test suite: a throw-away `var/`, any database, tasks run in place."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="readerstudy-test-")
atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)

import dj_database_url

from .base import *
from .base import VAR_DIR

DEBUG = False
SECRET_KEY = "only-for-tests-" * 4
IDENTITY_KEY = "identities-only-for-tests-" * 3
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
if _url := os.environ.get("TEST_DATABASE_URL"):
    DATABASES = {"default": dj_database_url.parse(_url)}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(VAR_DIR / "db.sqlite3"),
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30},
        }
    }
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# counted in a cache that outlives each test; tests of it set their own
API_RATES = {"person": None, "heavy": None, "strangers": None}
CELERY_BROKER_URL = "memory://"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
Path(VAR_DIR).mkdir(parents=True, exist_ok=True)
