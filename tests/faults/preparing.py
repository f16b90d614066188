"""Run by sites.py in a process of its own: an open study and logged-in readers.

preparing.py READERS CASES: each reads every case in three arms. Prints their session
cookies as JSON.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from tests.cast import make_user  # noqa: E402
from tests.factory import make_cohort, make_study  # noqa: E402


def cookie_of(user) -> str:
    """As this person's browser has it who has just logged in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def main(readers: int, cases: int) -> None:
    settings.ALLOWED_HOSTS.append("testserver")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("migrate", verbosity=0)
    coordinator = make_user("coordinator", coordinator=True)
    users = [make_user(f"reader-{number}") for number in range(1, readers + 1)]
    cohort = make_cohort(cases_wanted=cases, coordinators=[coordinator])
    make_study(cohort, coordinator=coordinator, readers=users, sessions=1, repeated="")
    told = {
        "coordinator": cookie_of(coordinator),
        "readers": {user.username: cookie_of(user) for user in users},
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
