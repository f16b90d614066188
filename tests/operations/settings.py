"""The embedded profile, on a PostgreSQL database where DATABASE_URL names one."""

import os

import dj_database_url

from readerstudy.config.settings.embedded import *  # noqa: F403

if _url := os.environ.get("DATABASE_URL"):
    DATABASES = {"default": dj_database_url.parse(_url)}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
