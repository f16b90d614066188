"""What both profiles share. Nothing here is an insecure default."""

import os
import sys
from pathlib import Path
from typing import Any

from readerstudy.config.pacs import pacs_of

from .access import *
from .access import ACCESS_APPS
from .logs import *
from .rest import *

ROOT = Path(__file__).resolve().parents[3]
VAR_DIR = Path(os.environ.get("VAR_DIR", ROOT / "var")).resolve()

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "readerstudy.config.apps.ConfigConfig",
    "readerstudy.audit",
    *ACCESS_APPS,
    "readerstudy.accounts",
    "readerstudy.api",
    "readerstudy.cases",
    "readerstudy.reading",
    "inference",
    "stats",
    "readerstudy.operations",
    "readerstudy.demo",
]

MIDDLEWARE = [
    "readerstudy.operations.metrics.count_requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "readerstudy.config.middleware.request_size_limit",
    "readerstudy.audit.acting.remember_who_asks",
    "readerstudy.accounts.sessions.SessionLimits",
    "readerstudy.accounts.sessions.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "readerstudy.config.middleware.content_security_policy",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "readerstudy.config.urls"
WSGI_APPLICATION = "readerstudy.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "readerstudy.reading.context.navigation",
            ],
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [ROOT / "locale"]
FORMAT_MODULE_PATH = ["readerstudy.config.formats"]
TIME_ZONE = os.environ.get("TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [ROOT / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "readerstudy.config.bundles.BundleFinder",
]
# What pages load as one file: classic scripts of one scope, in this order.
BUNDLES_ROOT = VAR_DIR / "bundles"
BUNDLES = {
    "js/room.js": [
        f"js/{name}.js"
        for name in (
            *("pixels", "painting", "drawing", "screen", "circumstances", "outbox"),
            *("reading", "answers", "adjusting", "keys", "preferences", "atlas"),
        )
    ],
    "js/stack-room.js": [
        f"js/{name}.js"
        for name in (
            *("pixels", "painting", "stack", "screen", "circumstances", "outbox"),
            *("reading", "asking", "answers", "marks", "stepping", "keys"),
            "preferences",
        )
    ],
}
MEDIA_ROOT = VAR_DIR / "media"

# Weights larger than memory go to disk, and nothing of them outside `var/`. Files of
# patients never do: they are sealed while they come.
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "tmp"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FILES = 20_000  # one file a slice, without JavaScript
REQUEST_MAX_BYTES = 6 * 2**20
UPLOAD_MAX_BYTES = {
    "/networks/upload/": 65 * 2**20,
    "/cohorts/upload/": sys.maxsize,  # the page tells its own limit in words
}
UPLOAD_PERMISSION = "cases.add_cohort"  # theirs alone; others send what a form holds
# Their views ask who sends, and read piece by piece what may come.
STREAMED_UPLOADS = (
    "PATCH /cohorts/uploads/files/*",
    "POST /dicom-web/studies*",
    "PATCH /api/v1/uploads/files/*",
    "POST /api/v1/uploads/",
    "POST /api/v1/networks/",
)
# 0 where VAR_DIR/uploads is not that of the web server: no upload is taken up there.
KEEPS_UPLOADS = os.environ.get("KEEPS_UPLOADS", "1") == "1"
COHORT_UPLOAD_MAX_BYTES = int(os.environ.get("COHORT_UPLOAD_MAX_BYTES", 8 * 2**30))

# A DICOM node that receives into the inbox; `serve` starts it if somebody may send.
DICOM_NODE: dict[str, Any] = {
    "host": os.environ.get("DICOM_NODE_HOST", "127.0.0.1"),
    "port": int(os.environ.get("DICOM_NODE_PORT", 11112)),
    "aet": os.environ.get("DICOM_NODE_AET", "READERSTUDY"),
    "allow": [
        aet.strip()
        for aet in os.environ.get("DICOM_NODE_ALLOW", "").split(",")
        if aet.strip()
    ],
}
# The DICOMweb servers that cohorts can be fetched from, and no others.
PACS = pacs_of(os.environ)

# Of networks: threads of the processor (0: half of its cores, eight at most), and how
# long what was learned may wait until it is laid down.
TRAINING_THREADS = int(os.environ.get("TRAINING_THREADS", 0))
TRAINING_CHECKPOINT_SECONDS = float(os.environ.get("TRAINING_CHECKPOINT_SECONDS", 60))
# A worker that has trained keeps what it loaded; one that is started again does not.
WORKER_ENDS_AFTER_TRAINING = os.environ.get("WORKER_ENDS_AFTER_TRAINING") == "1"

# Whether a web process looks for folders and static files before it answers anybody.
CHECKED_AT_START = False
# Who may read /metrics from another machine; nobody without it.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")

# Messages only wake workers up; the Job row in the database is the truth.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# Who listens to which: docs/running.md. What nobody names goes to the first.
CELERY_TASK_DEFAULT_QUEUE = "cpu"
GPU_QUEUE, TRAINING_QUEUE = "gpu", "training"
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {
    CELERY_TASK_DEFAULT_QUEUE: {},
    GPU_QUEUE: {},
    TRAINING_QUEUE: {},
}
