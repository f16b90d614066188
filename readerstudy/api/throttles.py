"""How often one may ask. Counted in the cache: without Redis, by each process alone."""

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.throttling import BaseThrottle

from readerstudy.accounts.guessing import client_address

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Throttle(BaseThrottle):
    """So many requests in every window of time; `settings.API_RATES` has the rates.

    While the cache is away nobody is refused.
    """

    scope = ""

    def allow_request(self, request: Any, view: Any) -> bool:
        rate = settings.API_RATES[self.scope]
        if rate is None:
            return True
        number, _slash, unit = rate.partition("/")
        seconds = SECONDS[unit[0]]
        now = time.time()
        self.left = seconds - now % seconds
        key = f"api-{self.scope}-{self.who(request)}-{int(now // seconds)}"
        cache.add(key, 0, timeout=2 * seconds)
        try:
            return cache.incr(key) <= int(number)
        except ValueError:
            return True

    def wait(self) -> float:
        return self.left

    def who(self, request: Any) -> str:
        return f"user-{request.user.pk}"


class PerPerson(Throttle):
    """All tokens of one person together."""

    scope = "person"


class Heavy(Throttle):
    """What costs seconds: reports, exports."""

    scope = "heavy"


class Strangers(Throttle):
    """Requests of one machine that showed no valid token."""

    scope = "strangers"

    def who(self, request: Any) -> str:
        return client_address(request._request)
