"""The production web server, with Docker and without.

WEB_BIND, WEB_WORKERS and WEB_THREADS of the environment change what is said here.
"""

import os
from pathlib import Path

from readerstudy.config.web_processes import child_exit, on_starting

__all__ = ["child_exit", "on_starting"]  # gunicorn calls them

wsgi_app = "readerstudy.config.wsgi:application"
# Never reachable but by the proxy: what it says of the visitor is believed.
bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_WORKERS", 2))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", 8))
timeout = 120
graceful_timeout = 20
keepalive = 75
# Signs of life are files, which on a disk would wait for it; gunicorn unlinks each as
# soon as it has it open, under a name that nobody can foresee.
_shm = Path("/dev/shm")  # noqa: S108
worker_tmp_dir = str(_shm) if _shm.is_dir() else None
loglevel = "warning"
logger_class = "readerstudy.config.web_log.WebLogger"
control_socket_disable = True
