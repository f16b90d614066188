"""A PACS that is asked by DICOMweb: QIDO-RS to search, WADO-RS to fetch (PS3.18 10).

Searching is dicomweb-client's work. What is fetched streams by in pieces, as it is
stored there, so that it can be sealed before it is anywhere whole.

Only servers of settings.PACS are ever asked, and they cannot send us elsewhere: no
redirection is followed. Errors are told without addresses, which hold identifiers.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

import requests
from dicomweb_client import DICOMwebClient
from django.conf import settings
from django.utils.translation import gettext_noop as _
from requests import exceptions

from readerstudy.imaging.errors import Refused

from .multipart import boundary_of, parts

logger = logging.getLogger(__name__)

UID = re.compile(r"[0-9.]{1,64}")
STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"
MOST_STUDIES = 500
PAGE = 1000  # instances asked for at once
MOST_INSTANCES = 100_000
TIMEOUT_S = (5, 60)  # to be connected; of silence
CHUNK = 2**18
# as it is stored, not unpacked for us (PS3.18 8.7.3.5.2)
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class PacsError(Refused):
    """The PACS does not give what it was asked for."""


@dataclass(frozen=True)
class Server:
    """account: user name and password, if it wants one. ca_file: whose certificates
    are trusted, "": the usual ones."""

    name: str
    url: str
    account: tuple[str, str] | None = field(default=None, repr=False)
    ca_file: str = ""


@dataclass(frozen=True)
class Query:
    """What to look for; "" and None match everything. * and ? are wildcards."""

    patient_id: str = ""
    description: str = ""
    modality: str = ""
    first: date | None = None
    last: date | None = None

    def filters(self) -> dict[str, str]:
        day = "%Y%m%d"
        dates = [when.strftime(day) if when else "" for when in (self.first, self.last)]
        asked = {
            "PatientID": self.patient_id,
            "StudyDescription": self.description,
            "ModalitiesInStudy": self.modality,
            "StudyDate": "-".join(dates) if any(dates) else "",
        }
        return {key: value for key, value in asked.items() if value}


@dataclass(frozen=True)
class FoundStudy:
    uid: str
    patient_id: str
    date: str  # YYYY-MM-DD, or as it stands there
    description: str
    modalities: str
    instances: str


@dataclass(frozen=True)
class Place:
    """Where an instance is found."""

    study: str
    series: str
    instance: str


def servers() -> list[str]:
    return sorted(settings.PACS)


def server_named(name: str) -> Server:
    """Refused unless it is configured."""
    try:
        given = settings.PACS[name]
    except KeyError as error:
        raise PacsError(_("There is no PACS of that name.")) from error
    account = (given["username"], given["password"]) if given["username"] else None
    return Server(name, given["url"].rstrip("/"), account, given["ca_file"])


class _Session(requests.Session):
    def __init__(self, server: Server) -> None:
        super().__init__()
        self.trust_env = False  # no proxy and no account of ours by accident
        self.max_redirects = 0
        self.auth = server.account
        if server.ca_file:
            self.verify = server.ca_file

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Wildcards as they are: dicomweb-client escapes them, which RFC 3986 does not
        ask for and Orthanc does not undo."""
        prepared = super().prepare_request(request)
        prepared.url = str(prepared.url).replace("%2A", "*").replace("%3F", "?")
        return prepared


class Remote:
    """A connection to one server; use it with `with`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._session = _Session(server)
        self._client = DICOMwebClient(
            server.url, session=self._session, timeout=TIMEOUT_S
        )
        self._client.set_http_retry_params(retry=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def studies(self, query: Query) -> tuple[list[FoundStudy], bool]:
        """What was found, latest first, and whether there is more than is told."""
        with _told(self.server):
            rows = self._client.search_for_studies(
                limit=MOST_STUDIES + 1,
                fields=["StudyDescription", "NumberOfStudyRelatedInstances"],
                search_filters=query.filters(),
            )
            found = [_study(row) for row in rows if UID.fullmatch(_first(row, STUDY))]
        found.sort(key=lambda study: study.patient_id)
        found.sort(key=lambda study: study.date, reverse=True)
        return found[:MOST_STUDIES], len(found) > MOST_STUDIES

    def instances(self, study_uid: str) -> Iterator[Place]:
        """Every instance of a study."""
        seen: set[str] = set()
        with _told(self.server):
            while True:
                rows = self._client.search_for_instances(
                    study_instance_uid=study_uid, limit=PAGE, offset=len(seen)
                )
                new = [
                    place
                    for row in rows
                    if (place := _place(study_uid, row)) and place.instance not in seen
                ]
                seen.update(place.instance for place in new)
                yield from new
                # some servers know no offset, and tell the same again
                if len(rows) < PAGE or not new:
                    return
                if len(seen) > MOST_INSTANCES:
                    raise ValueError("it tells of instances without end")

    def content(self, place: Place) -> Iterator[bytes]:
        """The bytes of one DICOM file, as they come."""
        address = (
            f"{self.server.url}/studies/{place.study}/series/{place.series}"
            f"/instances/{place.instance}"
        )
        with (
            _told(self.server),
            self._session.get(
                address, headers={"Accept": ACCEPT}, stream=True, timeout=TIMEOUT_S
            ) as response,
        ):
            response.raise_for_status()
            yield from _file(response)


def _file(response: requests.Response) -> Iterator[bytes]:
    content_type = response.headers.get("Content-Type", "")
    chunks = response.iter_content(CHUNK)
    if content_type.lower().startswith("application/dicom"):  # not according to PS3.18
        yield from chunks
        return
    boundary, _type = boundary_of(content_type)
    for number, part in enumerate(parts(chunks, boundary)):
        if number == 0:
            yield from part.content


def _first(row: dict[str, Any], tag: str) -> str:
    """PS3.18 F.2; what does not look so is taken as absent."""
    return next(iter(_values(row, tag)), "")


def _values(row: dict[str, Any], tag: str) -> list[str]:
    element = row.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    if not isinstance(values, list):
        return []
    return [str(one) for one in values if isinstance(one, str | int | float)]


def _study(row: dict[str, Any]) -> FoundStudy:
    day = _first(row, "00080020")
    if re.fullmatch(r"\d{8}", day):
        day = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return FoundStudy(
        uid=_first(row, STUDY),
        patient_id=_first(row, "00100020"),
        date=day,
        description=_first(row, "00081030"),
        modalities=", ".join(_values(row, "00080061")),
        instances=_first(row, "00201208"),
    )


def _place(study_uid: str, row: dict[str, Any]) -> Place | None:
    place = Place(study_uid, _first(row, SERIES), _first(row, INSTANCE))
    usable = UID.fullmatch(place.series) and UID.fullmatch(place.instance)
    return place if usable else None


@contextmanager
def _told(server: Server) -> Iterator[None]:
    """What went wrong on the way there, in words and without addresses."""
    try:
        yield
    except exceptions.RequestException as error:
        sentence = _sentence(error)
    except (Refused, ValueError, TypeError, AttributeError, LookupError) as error:
        logger.warning("%s: not DICOMweb: %s", server.name, type(error).__name__)
        sentence = _("%(pacs)s answers something that is not DICOMweb.")
    else:
        return
    raise PacsError(sentence % {"pacs": server.name})


def _sentence(error: exceptions.RequestException) -> str:
    if isinstance(error, exceptions.SSLError):
        return _("%(pacs)s shows a certificate that is not trusted here.")
    if isinstance(error, exceptions.Timeout):
        return _("%(pacs)s does not answer in time.")
    if isinstance(error, exceptions.TooManyRedirects):
        return _("%(pacs)s sends us elsewhere; that is not followed.")
    if isinstance(error, exceptions.ChunkedEncodingError):
        return _("The connection to %(pacs)s was lost.")
    if isinstance(error, exceptions.ConnectionError):
        return _("%(pacs)s cannot be reached.")
    if error.response is None:
        return _("%(pacs)s answers something that is not DICOMweb.")
    status = error.response.status_code
    if status in (401, 403):
        return _("%(pacs)s does not let this platform in. Is its account right?")
    if status == 404:
        return _("%(pacs)s does not know what it was asked for.")
    told = _("%(pacs)s answers with the error %(status)s.")
    return told % {"pacs": "%(pacs)s", "status": status}
