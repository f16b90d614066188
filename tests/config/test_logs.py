"""No line of the log names a patient, a file, an arm or a token, whoever wrote it."""

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from readerstudy.config.log_lines import JsonLines, PlainLines

pytestmark = pytest.mark.pure

UID = "1.2.840.113619.2.55.3.604688119.971.1"
SECRETS = (UID, "unet-l4", "C017", "MÜLLER", "tok3n", "seed-12345")


@pytest.fixture(params=[JsonLines, PlainLines], ids=["json", "plain"])
def written(request: pytest.FixtureRequest) -> Iterator[StringIO]:
    """Everything that any logger writes."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers, root.level = [handler], logging.INFO
    yield stream
    root.handlers, root.level = handlers, level


def fail() -> None:
    try:
        raise KeyError("C017 of arm unet-l4, file MÜLLER.dcm, seed-12345")
    except KeyError as error:
        raise ValueError(f"token tok3n, {UID}") from error


def told_of(written: StringIO) -> str:
    text = written.getvalue()
    assert text
    for secret in SECRETS:
        assert secret not in text
    return text


def test_of_an_exception_only_its_kind_and_its_places_are_told(
    written: StringIO,
) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("inference.services.running").exception("job %s failed", 7)
    text = told_of(written)
    assert "job 7 failed" in text
    assert "ValueError" in text
    assert "KeyError" in text
    assert "tests/config/test_logs.py:" in text


def test_of_an_address_only_its_pattern_is_told(written: StringIO) -> None:
    request: Any = RequestFactory().get("/studies/unet-l4/reads/tok3n/?case=C017")
    request.resolver_match = SimpleNamespace(route="studies/<slug>/reads/<token>/")
    logger = logging.getLogger("django.request")
    logger.warning(
        "%s: %s",
        "Not Found",
        request.path,
        extra={"request": request, "status_code": 404},
    )
    del request.resolver_match
    logger.warning("Not Found: %s", request.path, extra={"request": request})
    logger.error(ValueError("C017"))
    logging.getLogger("gunicorn.error").error("Error handling request %s", request.path)
    text = told_of(written)
    assert "Not Found: /studies/<slug>/reads/<token>/" in text
    assert "Error handling request /…" in text


def test_of_a_task_neither_what_it_was_given_nor_what_it_raised_is_told(
    written: StringIO,
) -> None:
    try:
        fail()
    except ValueError as error:
        context = {
            "id": "8a6f",
            "name": "inference.run_job",
            "description": "raised unexpected",
            "exc": repr(error),
            "args": "('C017',)",
            "kwargs": "{'arm': 'unet-l4'}",
            "return_value": "tok3n",
            "traceback": str(error),
        }
        logging.getLogger("celery.app.trace").error(
            "Task %(name)s[%(id)s] %(description)s: %(exc)s %(args)s %(return_value)s",
            context,
            exc_info=sys.exc_info(),
        )
    text = told_of(written)
    assert "Task inference.run_job[8a6f] raised unexpected: ValueError" in text


def test_a_uid_is_taken_out_of_our_own_lines(written: StringIO) -> None:
    logging.getLogger("readerstudy.cases").warning("An object was refused: %s", UID)
    assert "An object was refused: <uid>" in told_of(written)


def test_a_line_of_somebody_elses_that_does_not_fit_is_told_bare() -> None:
    record = logging.LogRecord(
        "other", logging.INFO, __file__, 1, "two words %s %s", ("tok3n",), None
    )
    assert PlainLines().format(record).endswith("other: two words %s %s")


def test_what_a_machine_says_of_itself_is_told(written: StringIO) -> None:
    """A database that is away is found by these words."""
    try:
        raise OperationalError("connection to server failed: refused\nunet-l4")
    except OperationalError:
        logging.getLogger("inference.presence").exception("no sign of life")
    try:
        open("/no/unet-l4")  # noqa: SIM115, PTH123
    except OSError:
        logging.getLogger("inference.presence").exception("no file")
    text = told_of(written)
    assert "OperationalError: connection to server failed: refused" in text
    assert "FileNotFoundError: No such file or directory" in text


def test_programs_get_an_object_a_line() -> None:
    record = logging.LogRecord(
        "stats", logging.INFO, __file__, 1, "report of %s rows", (3,), None
    )
    line = json.loads(JsonLines().format(record))
    assert {key: line[key] for key in ("level", "logger", "message")} == {
        "level": "INFO",
        "logger": "stats",
        "message": "report of 3 rows",
    }
    assert line["time"].endswith("+00:00")
