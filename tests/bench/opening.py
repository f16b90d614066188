"""The checks before a study opens."""

import hashlib
from collections.abc import Iterator

from .lines import THIRTEEN, Line, cpu_seconds


def opening() -> Iterator[Line]:
    """The preflight of the first study's size, which reads and hashes every image."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from readerstudy.cases.models import Rendition
    from readerstudy.reading.preflight.checks import preflight
    from tests.cast import make_user
    from tests.factory import make_cohort, make_study

    coordinator = make_user("opening-coordinator", coordinator=True)
    cohort = make_cohort(
        "Fifty", cases_wanted=50, coordinators=[coordinator], methods=THIRTEEN
    )
    draft = make_study(
        cohort,
        coordinator=coordinator,
        readers=[make_user("opening-reader")],
        slug="draft",
        methods=THIRTEEN,
        repeated="network-1",
        opened=False,
    )

    def hashed_alone() -> None:
        for rendition in Rendition.objects.filter(case__cohort=cohort):
            with rendition.values.open() as file:
                hashlib.sha256(file.read())

    with CaptureQueriesContext(connection) as queries:
        assert preflight(draft) == []
    statements = len(queries)
    yield Line("preflight of 50 cases × 13 arms", statements, "statements")
    yield Line(
        "preflight of 50 cases × 13 arms",
        cpu_seconds(lambda: preflight(draft), repeat=3),
        "CPU s",
        cpu_seconds(hashed_alone, repeat=3),
        "hashing the files alone",
    )
