"""PACS and PACS_FILE: which DICOMweb servers may be asked, and with what account."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

FIELDS = {"name", "url", "username", "password", "password_file", "ca_file"}
LONGEST_NAME = 64  # Upload.peer


def pacs_of(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Name → url, username, password, ca_file ("" where not given).

    PACS is a JSON list of such objects; PACS_FILE names a file with one.
    """
    given = environ.get("PACS", "")
    if path := environ.get("PACS_FILE"):
        given = _read(path)
    if not given.strip():
        return {}
    try:
        listed = json.loads(given)
    except ValueError as error:
        raise ImproperlyConfigured("PACS is not valid JSON.") from error
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ImproperlyConfigured('PACS is not a list: [{"name": …, "url": …}].')
    servers = [_server(number, one) for number, one in enumerate(listed, start=1)]
    found = {one["name"]: one for one in servers}
    if len(found) < len(servers):
        raise ImproperlyConfigured("Two entries of PACS have the same name.")
    return found


def _server(number: int, given: dict[str, Any]) -> dict[str, str]:
    def refuse(why: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"Entry {number} of PACS: {why}.")

    if unknown := set(given) - FIELDS:
        raise refuse(f"{', '.join(sorted(unknown))} is not known")
    if not all(isinstance(value, str) for value in given.values()):
        raise refuse("not all values are texts")
    server = {key: given.get(key, "") for key in FIELDS}
    if not server["name"] or len(server["name"]) > LONGEST_NAME:
        raise refuse(f"name has 1 to {LONGEST_NAME} characters")
    address = urlsplit(server["url"])
    if address.scheme not in ("http", "https") or not address.hostname:
        raise refuse("url does not begin with https:// or http:// and a host")
    if address.username or address.query or address.fragment:
        raise refuse("url may hold no account, query or fragment")
    if path := server.pop("password_file"):
        server["password"] = _read(path)
    return server


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path}, which PACS needs, cannot be read ({error.strerror})."
        ) from error
