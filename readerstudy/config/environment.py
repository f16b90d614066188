"""Settings from the environment, and everything that is wrong with them at once."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured

KEY_LENGTH = 50
REDIS = ("redis", "rediss", "unix", "redis+socket")
# Whatever was cut off without a word is noticed within a minute, by either end.
POSTGRESQL_OPTIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "options": (
        "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 "
        "-c tcp_keepalives_count=3"
    ),
}
S3_NAMES = (
    *("S3_BUCKET", "S3_ENDPOINT_URL", "S3_REGION", "S3_PREFIX"),
    *("S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_CA_FILE"),
)


class Environment:
    """Reads names, and gathers what is missing until `refuse` tells of it."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.environ = os.environ if environ is None else environ
        self.missing: list[str] = []

    def optional(self, name: str, default: str = "") -> str:
        """The value of NAME, or of the file NAME_FILE points to (a mounted secret)."""
        value, path = self.environ.get(name, ""), self.environ.get(f"{name}_FILE")
        if value and path:
            self.wrong(f"{name} and {name}_FILE are both set; leave one")
        if not path:
            return value or default
        try:
            return Path(path).read_text().strip() or default
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "no text"
            self.wrong(f"{name}_FILE={path} cannot be read ({why})")
            return default

    def required(self, name: str) -> str:
        before = len(self.missing)
        value = self.optional(name)
        if not value and len(self.missing) == before:
            self.wrong(
                f"{name}_FILE names an empty file"
                if self.environ.get(f"{name}_FILE")
                else f"{name} (or {name}_FILE) is not set"
            )
        return value

    def key(self, name: str) -> str:
        value = self.required(name)
        if value and len(value) < KEY_LENGTH:
            self.wrong(f"{name} is shorter than {KEY_LENGTH} characters")
        return value

    def number(self, name: str, default: int) -> int:
        value = self.environ.get(name, "") or str(default)
        if not value.isdecimal():
            self.wrong(f"{name} is not a whole number")
            return default
        return int(value)

    def switch(self, name: str, default: str = "1") -> bool:
        value = self.environ.get(name, "") or default
        if value not in ("0", "1"):
            self.wrong(f"{name} is neither 0 nor 1")
        return value == "1"

    def wrong(self, what: str) -> None:
        self.missing.append(what)

    def refuse(self) -> None:
        """ImproperlyConfigured with the whole list, if there is any."""
        if self.missing:
            listed = "\n- ".join(self.missing)
            raise ImproperlyConfigured(
                f"The production profile is not completely configured:\n- {listed}"
            )

    def hosts(self) -> list[str]:
        hosts = [one.strip() for one in self.required("ALLOWED_HOSTS").split(",")]
        for host in filter(None, hosts):
            if host == "*" or "/" in host or host.endswith("."):
                self.wrong(
                    f"ALLOWED_HOSTS: {host} is no name of a host "
                    "(reads.example.org,reads)"
                )
        return [host for host in hosts if host]

    def database(self) -> dict[str, Any]:
        """As in settings.DATABASES, from DATABASE_URL and DATABASE_PASSWORD."""
        import dj_database_url

        url = self.required("DATABASE_URL")
        password = self.optional("DATABASE_PASSWORD")
        if find_spec("psycopg") is None:
            self.wrong(
                "psycopg is not installed: pip install -r requirements-postgres.txt"
            )
        if not url:
            return {}
        if not url.startswith(("postgres://", "postgresql://")):
            self.wrong("DATABASE_URL must name a PostgreSQL database")
            return {}
        try:
            found: dict[str, Any] = {
                **dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)
            }
        except ValueError:
            self.wrong("DATABASE_URL is not postgres://user@host:port/database")
            return {}
        if not found.get("NAME"):
            self.wrong("DATABASE_URL names no database (postgres://user@host/database)")
        if password:
            found["PASSWORD"] = password
        found["OPTIONS"] = {**POSTGRESQL_OPTIONS, **found.get("OPTIONS", {})}
        return found

    def broker(self) -> str:
        url = self.required("CELERY_BROKER_URL")
        if url and urlsplit(url).scheme not in REDIS:
            self.wrong("CELERY_BROKER_URL must name a Redis server (redis://host/0)")
        return url

    def cache(self, broker: str) -> str:
        """CACHE_URL; without it the broker's server, which keeps both apart by key."""
        url = self.optional("CACHE_URL", broker)
        if urlsplit(url).scheme not in (*REDIS, ""):
            self.wrong("CACHE_URL must name a Redis server (redis://host/1)")
        return url.replace("redis+socket://", "unix://", 1)

    def time_zone(self) -> None:
        name = self.environ.get("TIME_ZONE", "UTC")
        if name not in available_timezones():
            self.wrong(f"TIME_ZONE={name} is not known (Europe/Berlin, Asia/Tokyo)")

    def files(self, var_dir: Path) -> dict[str, Any]:
        """As STORAGES["default"]: where images, scans and weights are kept."""
        kind = self.environ.get("FILES", "") or "folder"
        if kind == "folder":
            for name in S3_NAMES:
                if self.environ.get(name) or self.environ.get(f"{name}_FILE"):
                    self.wrong(f"{name} is set, but FILES=s3 is not")
            return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
        if kind != "s3":
            self.wrong(f"FILES={kind} is neither folder nor s3")
            return {}
        return self._s3(var_dir)

    def _s3(self, var_dir: Path) -> dict[str, Any]:
        bucket = self.required("S3_BUCKET")
        key, secret = self.optional("S3_ACCESS_KEY"), self.optional("S3_SECRET_KEY")
        if bool(key) != bool(secret):
            self.wrong("S3_ACCESS_KEY and S3_SECRET_KEY must both be set, or neither")
        endpoint = self.optional("S3_ENDPOINT_URL")
        address = urlsplit(endpoint)
        if endpoint and (address.scheme not in ("http", "https") or not address.netloc):
            self.wrong("S3_ENDPOINT_URL must begin with https:// or http:// and a host")
        ca_file = self.environ.get("S3_CA_FILE", "")
        if ca_file and not Path(ca_file).is_file():
            self.wrong(f"S3_CA_FILE={ca_file} cannot be read")
        return {
            "BACKEND": "readerstudy.config.object_store.ObjectStore",
            "OPTIONS": {
                "bucket_name": bucket,
                "access_key": key or None,
                "secret_key": secret or None,
                "endpoint_url": endpoint or None,
                "region_name": self.optional("S3_REGION") or None,
                "location": unquote(self.optional("S3_PREFIX")).strip("/"),
                "verify": ca_file or None,
                "copies": var_dir / "copies",
                "copies_bytes": self.number("S3_COPIES_MB", 20_000) * 2**20,
            },
        }
