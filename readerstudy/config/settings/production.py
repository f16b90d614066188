"""PostgreSQL, Redis, any number of workers. Refuses to start half-configured."""

from pathlib import Path

from readerstudy.config.environment import Environment

from .base import *
from .base import LOGGING, VAR_DIR

DEBUG = False
CHECKED_AT_START = True
_environment = Environment()

SECRET_KEY = _environment.key("SECRET_KEY")
# A server set up before this key existed used SECRET_KEY for identities: give the
# same value here, or patients that are already known are not recognised again.
IDENTITY_KEY = _environment.key("IDENTITY_KEY")
_hosts = _environment.hosts()
DATABASES = {"default": _environment.database()}
CELERY_BROKER_URL = _environment.broker()
_cache = _environment.cache(CELERY_BROKER_URL)
_environment.time_zone()
MEDIA_ROOT = Path(_environment.optional("MEDIA_ROOT", str(VAR_DIR / "media")))
_files = _environment.files(VAR_DIR)
METRICS_TOKEN = _environment.optional("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    _environment.wrong("METRICS_TOKEN is shorter than 20 characters")
SECURE_SSL_REDIRECT = _environment.switch("SECURE_SSL_REDIRECT")
_json_logs = _environment.switch("LOG_JSON")
_environment.refuse()

# what asks a process whether it is well does so on its own machine
ALLOWED_HOSTS = [*_hosts, "localhost", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [
    f"https://{'*' + host if host.startswith('.') else host}" for host in _hosts
]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# Whether a hospital's domain goes into the lists that browsers ship is not decided
# by one of its servers.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

CACHES = {
    "default": {
        "BACKEND": "readerstudy.config.cache.SharedCache",
        "LOCATION": _cache,
        "KEY_PREFIX": "readerstudy",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}
# A message whose worker was cut off goes to another after this long; the sweeps are
# faster. A network that is cut off is noticed, not waited for.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 5,
    "socket_timeout": 30,
    "socket_keepalive": True,
    "health_check_interval": 20,
}
CELERY_BROKER_CONNECTION_TIMEOUT = 5
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for Redis, however long
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False

STORAGES = {
    "default": _files,
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

if _json_logs:
    LOGGING["handlers"]["console"]["formatter"] = "json"
