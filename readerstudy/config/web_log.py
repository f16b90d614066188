"""The web server's own lines: it repeats addresses that it could not answer."""

from gunicorn.config import Config
from gunicorn.glogging import Logger

from .log_lines import WithoutUids


class WebLogger(Logger):  # type: ignore[misc]
    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(WithoutUids(self.error_fmt, self.datefmt))
