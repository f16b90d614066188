"""A reader's browser whose every answer is searched for what no reader may learn."""

import json
from base64 import b64decode
from collections.abc import Iterable

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import Resolver404, resolve

from readerstudy.reading.models import Study

FIRST_KEY = 8_675_300
# words that a page says of every image; that it does, its own tests prove
SAID_OF_ALL = {
    "reading:guess-next": ('value="reference"', "the reference image"),
    "reading-api:guess": ('"value":"reference"', "the reference image"),
}

# made without a look at the database, as tests/test_leaks.py proves
KNOWS_NO_STUDY = {"api:schema"}

WORD = "preference"  # of every room; an arm's name is in it by chance

Forbidden = dict[str, str]  # string → what it would tell


def lift_primary_keys() -> None:
    """Make the next keys of our tables numbers that occur nowhere else."""
    tables = [
        model._meta.db_table
        for label in ("cases", "reading", "inference", "stats", "auth")
        for model in apps.get_app_config(label).get_models()
        if model._meta.db_table.split("_")[1] not in ("group", "permission")
    ]
    with connection.cursor() as cursor:
        for table in tables:
            if connection.vendor == "postgresql":
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s)",
                    [FIRST_KEY],
                )
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)",
                    [table, FIRST_KEY],
                )


def forbidden_in(studies: Iterable[Study], reader: User) -> Forbidden:
    """What nothing that `reader` is sent may hold, whatever has happened so far."""
    found: Forbidden = {}
    for study in studies:
        found |= _of_protocol(study) | _of_cases(study)
        for member in study.memberships.exclude(user=reader).select_related("user"):
            found[member.user.username] = f"another {member.role}"
    for model in apps.get_app_config("reading").get_models():
        keys = model.objects.values_list("pk", flat=True)
        found |= {str(key): f"the key of a {model.__name__}" for key in keys}
    return found


def _of_protocol(study: Study) -> Forbidden:
    found = {
        study.cohort.name: "the cohort",
        study.seed: "the seed",
        study.seed_sha256: "the seed's hash",
        study.protocol_sha256: "the protocol",
        study.primary_arm: "the primary arm",
        study.control_arm: "the control arm",
    }
    for arm in study.arms.exclude(method="short"):  # a word of every page
        found |= {arm.title: "an arm's title", arm.code: "an arm", arm.method: "an arm"}
    for amendment in study.amendments.all():
        found[amendment.protocol_sha256] = "the amended protocol"
        found[amendment.reason] = "why the protocol was amended"
    return {string: why for string, why in found.items() if string}


def _of_cases(study: Study) -> Forbidden:
    found: Forbidden = {}
    for case in study.cohort.cases.all():
        found |= {case.code: "a case code"}
        found |= dict.fromkeys(case.patient_digests, "a patient")
        found[str(case.pk)] = "a case's key"
        for rendition in case.renditions.all():
            found |= {
                str(rendition.pk): "a rendition's key",
                rendition.sha256: "a rendition's hash",
                rendition.values.name: "a file name",
            }
    return found


def route_name(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


class Watched(Client):
    """Fails as soon as an answer holds a forbidden string, or the program breaks."""

    def __init__(self, user: User, forbidden: Forbidden) -> None:
        # from another machine than the server's, as readers come
        super().__init__(raise_request_exception=False, REMOTE_ADDR="192.0.2.7")
        self.user, self.forbidden = user, forbidden
        short = [word for word in forbidden if len(word) < 5]
        assert not short, f"tokens hold {short} by chance"
        # names of routes that gave a page, and that took what was posted
        self.shown: set[str] = set()
        self.taken: set[str] = set()
        self.carried = 0  # images that came with an answer
        self.force_login(user)

    def request(self, **request):
        response = super().request(**request)
        path = request["PATH_INFO"]
        name = route_name(path)
        told = self.told(response, name, path)
        act = f"{request['REQUEST_METHOD']} {name} ({path})"
        assert not told, f"{act} tells {told}"
        assert response.status_code < 500, f"{act} breaks"
        if response.status_code == 200:
            self.shown.add(name)
        if response.status_code < 400 and request["REQUEST_METHOD"] == "POST":
            self.taken.add(name)
        return response

    def stay_logged_in(self) -> None:
        """Some address that was asked for may have been the one that logs out."""
        cookie = self.cookies.get(settings.SESSION_COOKIE_NAME)
        if not (cookie and cookie.value):
            self.force_login(self.user)

    def told(self, response, name: str, path: str) -> set[str]:
        """What an answer tells; the address itself is what we typed."""
        if name in KNOWS_NO_STUDY:
            return set()
        body = b"".join(response) if response.streaming else response.content
        said = self._unpacked(response, body).decode("latin-1").replace(path, "")
        said += repr(sorted(response.headers.items())).replace(path, "")
        for words in (WORD, *SAID_OF_ALL.get(name, ())):
            said = said.replace(words, "")
        # most words are keys, which all begin alike: one look tells that none is there
        keys = str(FIRST_KEY)[:4]
        looked_for = list(self.forbidden.items())
        if keys not in said:
            looked_for = [one for one in looked_for if not one[0].startswith(keys)]
        return {why for word, why in looked_for if word in said}

    def _unpacked(self, response, body: bytes) -> bytes:
        """With pixels as they are: their letters could be a case's code by chance."""
        if response.get("Content-Type") != "application/json" or not body:
            return body
        told = json.loads(body)
        pixels = told.get("pixels") if isinstance(told, dict) else None
        if not pixels:
            return body
        self.carried += 1
        return body.replace(pixels.encode(), b64decode(pixels, validate=True))
