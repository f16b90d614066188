"""One answer and the next images: statements, bytes, processor time and patience."""

from collections.abc import Iterator, Sequence
from threading import Barrier, Thread
from typing import TYPE_CHECKING

from .browsing import CIRCUMSTANCES, GRADES, SCREEN, Reader
from .lines import Line, cpu_seconds, p95
from .profile import Served, served, session_cookie

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SLUG = "phantom-study"
READERS = 20
ANSWERS = 40  # of each of them


def make_study_of_20() -> "list[User]":
    """An open study of 30 cases: a session of 90 reads for each of its readers."""
    from tests.cast import make_user
    from tests.factory import make_cohort, make_study

    coordinator = make_user("coordinator", coordinator=True)
    readers = [make_user(f"reader-{number}") for number in range(READERS + 1)]
    cohort = make_cohort(cases_wanted=30, coordinators=[coordinator])
    given = {"coordinator": coordinator, "readers": readers}
    make_study(cohort, sessions=1, repeated="", **given)
    return readers


def reading() -> Iterator[Line]:
    alone, *twenty = make_study_of_20()
    yield from counted(alone)
    with served() as server:
        yield from one_reader(server, alone)
        yield from twenty_readers(server, twenty)


def counted(user: "User") -> Iterator[Line]:
    """Over the whole HTTP stack but the socket."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from readerstudy.reading.models import Read

    client = Client()
    client.force_login(user)
    page = client.get(f"/read/{SLUG}/")
    token = Read.objects.get(first_shown_at__isnull=False).token

    def step() -> int:
        nonlocal token
        fields = {"token": token, "key": token, **GRADES, **CIRCUMSTANCES, **SCREEN}
        answer = client.post(f"/read/{SLUG}/submit/", fields)
        told = answer.json()
        assert told["pixels"]
        token = told["token"]
        return len(answer.content)

    step()  # the session learns its device
    with CaptureQueriesContext(connection) as queries:
        received = step()
    statements = len(queries)  # the next request clears the log
    seconds = cpu_seconds(lambda: [step() for _ in range(20)]) / 20
    client.get("/healthz")
    floor = cpu_seconds(lambda: [client.get("/healthz") for _ in range(20)]) / 20
    yield Line(
        "answer and next images", statements, "statements", note="promised: at most 12"
    )
    yield Line("answer and next images", received, "bytes")
    yield Line(
        "answer and next images, in this process",
        seconds * 1e3,
        "CPU ms",
        floor * 1e3,
        "GET /healthz",
    )
    yield Line("reading page, without its files", len(page.content), "bytes")


def one_reader(server: Served, user: "User") -> Iterator[Line]:
    reader = Reader(server.port, session_cookie(user), SLUG)
    for _ in range(10):  # the server's threads meet the database for the first time
        reader.answer()
    reader.seconds.clear()
    before = server.cpu_seconds()
    for _ in range(ANSWERS):
        reader.answer()
    spent = (server.cpu_seconds() - before) / ANSWERS
    floor = p95([_healthz(reader) for _ in range(ANSWERS)])
    yield Line(
        "answer and next images, the web server",
        spent * 1e3,
        "CPU ms",
        note="promised: at most 12",
    )
    yield Line(
        "answer and next images, one reader, p95",
        p95(reader.seconds) * 1e3,
        "ms",
        floor * 1e3,
        "GET /healthz",
        note="promised: at most 40",
    )


def _healthz(reader: Reader) -> float:
    import time

    start = time.perf_counter()
    reader.ask("GET", "/healthz")
    return time.perf_counter() - start


def twenty_readers(server: Served, users: "Sequence[User]") -> Iterator[Line]:
    """All at once, each answering as soon as the last answer is acknowledged."""
    from readerstudy.reading.models import Answer

    readers = [Reader(server.port, session_cookie(user), SLUG) for user in users]
    begin = Barrier(len(readers))
    failed: list[BaseException] = []

    def read(reader: Reader) -> None:
        begin.wait()
        try:
            for _ in range(ANSWERS):
                reader.answer()
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=read, args=[reader]) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = Answer.objects.filter(by__in=users, version=1).count()
    assert not failed, failed
    assert stored == len(users) * ANSWERS
    assert "locked" not in server.log()
    seconds = [one for reader in readers for one in reader.seconds]
    yield Line("20 readers at once, errors", len(failed), f"of {len(seconds)} answers")
    yield Line(
        "20 readers at once, p95",
        p95(seconds) * 1e3,
        "ms",
        note="promised: at most 200",
    )
    yield Line("20 readers at once, longest", max(seconds) * 1e3, "ms")
