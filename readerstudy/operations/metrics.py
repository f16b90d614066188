"""What Prometheus is told: how many requests took how long, by the name of the view.

Labels are names of views, methods and classes of answers: no study, arm, person or
address is among them. Each web process writes into files that all of them read
(PROMETHEUS_MULTIPROC_DIR); without that folder one process tells of itself alone.
"""

import os
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from . import metrics_now

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_own = CollectorRegistry()
REQUESTS = Counter(
    "readerstudy_requests",
    "Requests answered",
    ["view", "method", "answer"],
    registry=_own,
)
DURATION = Histogram(
    "readerstudy_request_seconds",
    "From the first line of our code to its last",
    ["view"],
    buckets=SECONDS,
    registry=_own,
)


def count_requests(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        view = (match.view_name if match else "") or "none"
        method = request.method if request.method in METHODS else "other"
        DURATION.labels(view).observe(time.perf_counter() - began)
        REQUESTS.labels(view, method, f"{response.status_code // 100}xx").inc()
        return response

    return middleware


def metrics_text() -> bytes:
    """Everything there is to tell, in Prometheus's own words."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_own)
    registry.register(metrics_now.Now())
    return generate_latest(registry)
