"""What the processes of the production profile count together, in Redis.

Nothing here is worth a score: while Redis is away reading goes on, counts begin anew
when it is back, and the log says so.
"""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from django.core.serializers.json import DjangoJSONEncoder
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
TOLD_EVERY_S = 60


class PlainSerializer:
    """JSON: whoever reaches Redis must not be able to run programs here."""

    def dumps(self, value: Any) -> Any:
        if type(value) is int:  # Redis counts these itself
            return value
        return json.dumps(value, cls=DjangoJSONEncoder)

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class SharedCache(RedisCache):
    """Django's, whose calls find nothing instead of failing."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {"serializer": PlainSerializer(), **params.get("OPTIONS", {})}
        super().__init__(server, {**params, "OPTIONS": options})
        self._told_at = 0.0

    def _tried(self, call: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return call()
        except (RedisError, OSError) as error:
            if time.monotonic() - self._told_at > TOLD_EVERY_S or not self._told_at:
                self._told_at = time.monotonic()
                logger.error("Redis cannot be asked: %s", type(error).__name__)
            return otherwise

    def add(self, *args: Any, **options: Any) -> bool:
        return bool(
            self._tried(lambda: super(SharedCache, self).add(*args, **options), True)
        )

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._tried(
            lambda: super(SharedCache, self).get(key, default, version), default
        )

    def set(self, *args: Any, **options: Any) -> None:
        self._tried(lambda: super(SharedCache, self).set(*args, **options), None)

    def touch(self, *args: Any, **options: Any) -> bool:
        return bool(
            self._tried(lambda: super(SharedCache, self).touch(*args, **options), False)
        )

    def delete(self, *args: Any, **options: Any) -> bool:
        return bool(
            self._tried(
                lambda: super(SharedCache, self).delete(*args, **options), False
            )
        )

    def get_many(self, *args: Any, **options: Any) -> dict[Any, Any]:
        found: dict[Any, Any] = self._tried(
            lambda: super(SharedCache, self).get_many(*args, **options), {}
        )
        return found

    def has_key(self, *args: Any, **options: Any) -> bool:
        return bool(
            self._tried(
                lambda: super(SharedCache, self).has_key(*args, **options), False
            )
        )

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        found = self._tried(
            lambda: super(SharedCache, self).incr(key, delta, version), None
        )
        if found is None:  # as of a key that is not there
            raise ValueError("Redis cannot be asked")
        return int(found)

    def set_many(self, data: Any, *args: Any, **options: Any) -> list[Any]:
        missed: list[Any] = self._tried(
            lambda: super(SharedCache, self).set_many(data, *args, **options),
            list(data),
        )
        return missed

    def delete_many(self, *args: Any, **options: Any) -> None:
        self._tried(
            lambda: super(SharedCache, self).delete_many(*args, **options), None
        )
