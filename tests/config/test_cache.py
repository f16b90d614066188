"""What the production profile counts in Redis may be lost, and stops nobody."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from readerstudy.config.cache import SharedCache
from tests.servers import Redis, free_port, redis_server

pytestmark = [pytest.mark.pure, pytest.mark.redis]
PATIENTLY = {"socket_connect_timeout": 60, "socket_timeout": 60}


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with redis_server() as server:
        yield server


def cache_at(url: str) -> SharedCache:
    return SharedCache(url, {"OPTIONS": PATIENTLY, "KEY_PREFIX": "readerstudy"})


def test_processes_count_together(redis: Redis) -> None:
    one, other = cache_at(redis.url), cache_at(redis.url)
    assert one.add("guesses", 1, 60)
    assert not other.add("guesses", 1, 60)
    assert other.incr("guesses") == 2
    one.set("times", [1.5, 2.5])
    assert other.get("times") == [1.5, 2.5]
    assert other.get_many(["times", "guesses"]) == {"times": [1.5, 2.5], "guesses": 2}
    other.delete("times")
    assert one.get("times", "none") == "none"


def test_nothing_that_lies_in_redis_is_run(redis: Redis) -> None:
    """Pickled values would be programs of whoever reaches Redis."""
    cache = cache_at(redis.url)
    client = cache._cache.get_client(write=True)
    client.set(cache.make_key("planted"), b"\x80\x04cos\nsystem\n(S'touch it'\ntR.")
    with pytest.raises(ValueError, match=r"utf-8|JSON|Expecting"):
        cache.get("planted")
    with pytest.raises(TypeError):
        cache.set("object", object())
    cache.set("moment", datetime(2026, 3, 2, tzinfo=UTC))
    assert cache.get("moment") == "2026-03-02T00:00:00Z"


def test_while_redis_is_away_nothing_is_found_and_nothing_fails(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    cache = cache_at(f"redis://127.0.0.1:{free_port()}/0")
    with caplog.at_level(logging.ERROR):
        assert cache.get("guesses", 0) == 0
        assert cache.add("guesses", 1)
        cache.set("guesses", 1)
        assert cache.set_many({"guesses": 1}) == ["guesses"]
        assert cache.get_many(["guesses"]) == {}
        assert not cache.touch("guesses")
        assert not cache.delete("guesses")
        assert "guesses" not in cache
        cache.delete_many(["guesses"])
        with pytest.raises(ValueError, match="cannot be asked"):
            cache.incr("guesses")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "Redis cannot be asked: ConnectionError"
