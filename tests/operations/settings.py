"""The embedded profile, on a PostgreSQL database where DATABASE_URL names one, with its
files in an object store where FILES=s3."""

import os

import dj_database_url

from readerstudy.config.environment import Environment
from readerstudy.config.settings.embedded import *  # noqa: F403
from readerstudy.config.settings.embedded import STORAGES, VAR_DIR

if _url := os.environ.get("DATABASE_URL"):
    DATABASES = {"default": dj_database_url.parse(_url)}
if os.environ.get("FILES") == "s3":
    STORAGES["default"] = Environment().files(VAR_DIR)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
