"""What is written down about the running of the site."""

import os

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "readerstudy.config.log_lines.WithoutUids",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    # What these say of themselves repeats addresses and contents: identifiers.
    "loggers": {
        name: {"level": "CRITICAL"}
        for name in ("pynetdicom", "dicomweb_client", "urllib3")
    },
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
