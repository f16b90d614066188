"""What every line of the log has to go through.

A line says what happened where, and of whom or what as a row's number. UIDs of DICOM
objects lead to patients, and addresses of DICOMweb hold them; addresses of pages hold
tokens and names; what an exception says may hold a file's name, a case or an arm.
"""

import logging
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import OperationalError
from pythonjsonlogger.json import JsonFormatter
from redis.exceptions import RedisError

# Six numbers with dots between them: neither an address of a machine nor a version.
UID = re.compile(r"\b\d+(?:\.\d+){5,}\b|\b2\.25\.\d+(?:\.\d+)*\b")
# Loggers of ours, which are given only what may be told (tests/config/test_logs.py).
OURS = ("readerstudy", "inference", "stats")
ADDRESS = re.compile(r"(?<![\w.])/[^\s'\"]*")
# Celery's lines of a task: what it was given, gave back and raised stays out.
TASK_WORDS = ("id", "name", "runtime", "hostname", "description")


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] in OURS


def _route(request: Any) -> str:
    """The pattern that an address matched, which holds no value of it."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else "/…"


def _words(record: logging.LogRecord) -> Any:
    """The arguments of a line of somebody else's, without contents."""
    args = record.args
    if isinstance(args, dict):
        if "exc" not in args:
            return {key: _told(value) for key, value in args.items()}
        raised = str(args["exc"]).partition("(")[0]
        kept = {key: args.get(key, "") for key in TASK_WORDS}
        return {**dict.fromkeys(args, "…"), **kept, "exc": raised}
    request = getattr(record, "request", None)
    if request is not None and record.name.startswith("django"):
        path = getattr(request, "path", "")
        return tuple(
            _route(request) if str(one).startswith(path or "/") else _told(one)
            for one in args or ()
        )
    return tuple(_told(one) for one in args or ())


def _told(value: Any) -> Any:
    if isinstance(value, BaseException):
        return type(value).__name__
    return ADDRESS.sub("/…", value) if isinstance(value, str) else value


def message_of(record: logging.LogRecord) -> str:
    """The sentence, without UIDs, addresses, or what exceptions say."""
    if _is_ours(record):
        text = record.getMessage()
    else:
        template = str(record.msg)
        if isinstance(record.msg, BaseException) or not record.args:
            text = str(_told(record.msg))
        else:
            try:
                text = template % _words(record)
            except (TypeError, ValueError, KeyError):
                text = template
    return UID.sub("<uid>", text)


def failure_of(record: logging.LogRecord) -> list[str]:
    """What was raised, by kind, and the places it went through: outermost first."""
    if not record.exc_info or record.exc_info[1] is None:
        return []
    lines: list[str] = []
    error: BaseException | None = record.exc_info[1]
    while error is not None and len(lines) < 100:
        frames = traceback.extract_tb(error.__traceback__)
        lines.append(_why(error))
        lines += [
            f"{'/'.join(Path(one.filename).parts[-3:])}:{one.lineno} in {one.name}"
            for one in frames
        ]
        error = error.__cause__ or error.__context__
    return lines


def _why(error: BaseException) -> str:
    """Its kind; and what it says where that can only be about a machine."""
    kind = type(error).__name__
    if isinstance(error, OperationalError | RedisError):
        said = str(error).strip().partition("\n")[0]
        return f"{kind}: {_told(said)}"
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}: {error.strerror}"
    return kind


class PlainLines(logging.Formatter):
    """For people: a line, and below it where something broke."""

    def format(self, record: logging.LogRecord) -> str:
        time = self.formatTime(record, self.datefmt)
        line = f"{time} {record.levelname} {record.name}: {message_of(record)}"
        return "\n    ".join([line, *failure_of(record)])


class JsonLines(JsonFormatter):
    """For programs: one object a line."""

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=False)

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            "process": record.process,
        }
        if failed := failure_of(record):
            fields["failed"] = failed
        if status := getattr(record, "status_code", None):
            fields["status"] = status
        if task := getattr(record, "task_id", None):
            fields["task"] = str(task)
        return str(self.serialize_log_record(fields))
