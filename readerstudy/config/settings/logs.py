"""What is written down about the running of the site."""

import os
from typing import Any

# A plain line for people; production says `json`: an object a line, for programs.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "readerstudy.config.log_lines.PlainLines"},
        "json": {"()": "readerstudy.config.log_lines.JsonLines"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "loggers": {
        # What these say of themselves repeats addresses and contents: identifiers.
        **{
            name: {"level": "CRITICAL"}
            for name in ("pynetdicom", "dicomweb_client", "urllib3", "boto3")
        },
        "botocore": {"level": "CRITICAL"},
        "s3transfer": {"level": "CRITICAL"},
        # Django's own handler would print them once more, past our formatter.
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
    },
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
