"""The web server's own lines: it repeats addresses that it could not answer."""

import os

from gunicorn.config import Config
from gunicorn.glogging import Logger

from .log_lines import JsonLines, PlainLines


def wants_json() -> bool:
    """As the production profile has it, which is not read before this."""
    profile = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    return profile.endswith(".production") and os.environ.get("LOG_JSON") != "0"


class WebLogger(Logger):  # type: ignore[misc]
    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines() if wants_json() else PlainLines())
