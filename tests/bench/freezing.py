"""What a frozen report saves, and what freezing it costs."""

from collections.abc import Iterator

from .lines import Line, cpu_seconds


def freezing() -> Iterator[Line]:
    """Of the full study that `reporting.report` has made: 3 readers × 13 arms × 50."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from readerstudy.reading.models import Membership, Study
    from stats import pages
    from stats.freezing import report_freeze
    from stats.pdf import report_pdf
    from stats.services import image_quality_measure

    study = Study.objects.get(slug="read-study")
    analyst = User.objects.create(username="freezing-analyst")
    Membership.objects.create(study=study, user=analyst, role="statistician")
    client = Client()
    client.force_login(analyst)
    measuring = cpu_seconds(lambda: image_quality_measure(study=study))
    building = cpu_seconds(lambda: report_freeze(study=study))
    frozen = study.frozen_reports.get()
    yield Line(
        "measuring, building and freezing a report",
        measuring + building,
        "CPU s",
        note="promised: under 20 s",
    )

    def page() -> None:
        assert client.get("/studies/read-study/report/").status_code == 200

    def page_anew() -> None:
        pages._frozen_body.cache_clear()
        page()

    page()  # loads templates and whatever else a process needs once
    with CaptureQueriesContext(connection) as queries:
        opening = cpu_seconds(page, repeat=5)
    yield Line(
        "opening a frozen report",
        opening * 1e3,
        "CPU ms",
        building * 1e3,
        "building it",
        f"promised: under 300 ms; {len(queries) // 5} queries",
    )
    yield Line(
        "the same, first in a process",
        cpu_seconds(page_anew, repeat=3) * 1e3,
        "CPU ms",
        building * 1e3,
        "building it",
    )
    yield Line(
        "its PDF, with all figures",
        cpu_seconds(lambda: report_pdf(frozen, language="en")),
        "CPU s",
        note="once a language",
    )
