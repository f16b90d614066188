"""A chart of a sweep as a file of its own: what pages draw, with its style in it."""

from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from .sweep_charts import Chart


def svg(chart: Chart, *, title: str, axis: str) -> str:
    css = finders.find("css/sweep.css")
    assert css is not None
    rules = [
        line
        for line in Path(css).read_text().splitlines()
        if line.startswith((":root", ".sweep-chart ", "@media", "  :root", "}"))
    ]
    # ours, not anybody's text
    style = mark_safe(f"<style>{' '.join(rules)}</style>")  # noqa: S308
    context = {"chart": chart, "title": title, "axis": axis, "style": style}
    return render_to_string("inference/_sweep_chart.html", context).strip() + "\n"
