"""Sites to break, on both profiles."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers import (
    Postgres,
    Redis,
    find_binaries,
    postgres_server,
    production_environment,
    redis_server,
)

from .sites import Site

EMBEDDED = {"DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.embedded"}
needs_servers = [
    pytest.mark.redis,
    pytest.mark.skipif(find_binaries() is None, reason="PostgreSQL was not found"),
]
PROFILES = ["embedded", pytest.param("production", marks=needs_servers)]
both = pytest.mark.parametrize("site", PROFILES, indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the pages, collected once for all sites."""
    folder = tmp_path_factory.mktemp("static")
    collecting = Site(folder, EMBEDDED)
    collecting.run("manage.py", "collectstatic", "--noinput", "-v0")
    return folder / "static"


@pytest.fixture
def make_site(
    request: pytest.FixtureRequest, static: Path
) -> Iterator[Callable[..., Site]]:
    """On the profile `embedded` or `production`, in the folder it is given."""
    with ExitStack() as stack:

        def make(
            profile: str,
            folder: Path,
            *,
            readers: int,
            cases: int,
            redis: Redis | None = None,
        ) -> Site:
            environment = EMBEDDED
            if profile == "production":
                environment = production_environment(
                    request.getfixturevalue("postgres"),
                    redis or request.getfixturevalue("redis"),
                    folder,
                )
            site = Site(folder, environment)
            stack.callback(site.end)
            site.prepare(readers=readers, cases=cases)
            (folder / "static").symlink_to(static)
            return site

        yield make


@pytest.fixture
def site(
    request: pytest.FixtureRequest, make_site: Callable[..., Site], tmp_path: Path
) -> Site:
    """Twenty readers who have sixty reads each before them."""
    return make_site(request.param, tmp_path, readers=20, cases=20)
