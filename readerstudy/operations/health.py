"""Whether this process can do its work: each part that it needs, by name."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from kombu.connection import Connection

KEPT_S = 2.0
BROKER_PATIENCE_S = 3


class PartMissingError(Exception):
    """Something is there and yet not as it is needed; tells no name of ours."""


@dataclass(frozen=True)
class Part:
    """needed: nobody can read without it. trouble: why it does not work, or ""."""

    name: str
    needed: bool
    trouble: str


@dataclass(frozen=True)
class Health:
    parts: tuple[Part, ...]

    @property
    def is_ready(self) -> bool:
        return not any(part.needed and part.trouble for part in self.parts)


def database_answers() -> None:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")


def migrations_are_done() -> None:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise PartMissingError(f"{len(waiting)} waiting: manage.py migrate")


def broker_answers() -> None:
    options = getattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS", {})
    with Connection(  # type: ignore[no-untyped-call]
        settings.CELERY_BROKER_URL,
        connect_timeout=BROKER_PATIENCE_S,
        transport_options=options,
    ) as connection:
        connection.ensure_connection(max_retries=1, timeout=BROKER_PATIENCE_S)


def storage_takes_and_gives() -> None:
    """A file written, read and removed again."""
    content = secrets.token_bytes(32)
    name = default_storage.save(f"probe/{secrets.token_hex(16)}", ContentFile(content))
    try:
        with default_storage.open(name, "rb") as file:
            if file.read() != content:
                raise PartMissingError("a file came back changed")
    finally:
        default_storage.delete(name)


# name → what is tried, and whether readers need it. Without the broker reading goes
# on, and jobs wait.
PARTS: dict[str, tuple[Callable[[], None], bool]] = {
    "database": (database_answers, True),
    "migrations": (migrations_are_done, True),
    "broker": (broker_answers, False),
    "storage": (storage_takes_and_gives, True),
}


def look() -> Health:
    return Health(tuple(_part(name, *part) for name, part in PARTS.items()))


def _part(name: str, look: Callable[[], None], needed: bool) -> Part:
    try:
        look()
    except PartMissingError as error:
        return Part(name, needed, str(error))
    except Exception as error:  # whatever it is: this part does not work
        return Part(name, needed, type(error).__name__)
    return Part(name, needed, "")


class Looking:
    """The last look, kept a moment: whoever asks often makes no work."""

    def __init__(self) -> None:
        self._seen: tuple[float, Health] | None = None

    def __call__(self) -> Health:
        now = time.monotonic()
        if self._seen is None or now - self._seen[0] > KEPT_S:
            self._seen = now, look()
        return self._seen[1]


health = Looking()
