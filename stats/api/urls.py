"""Addresses under /api/v1/."""

from django.urls import path

from . import planning, reports

STUDY = "studies/<slug:slug>"

app_name = "stats-api"
urlpatterns = [
    path("planning/", planning.Planning.as_view(), name="planning"),
    path(f"{STUDY}/reports/", reports.Reports.as_view(), name="reports"),
    path(f"{STUDY}/measuring/", reports.Measuring.as_view(), name="measuring"),
    path(f"{STUDY}/report/", reports.Report.as_view(), name="report"),
    path(f"{STUDY}/report/pdf/", reports.ReportPdf.as_view(), name="report-pdf"),
    path(f"{STUDY}/report/changes/", reports.Changes.as_view(), name="report-changes"),
    path(f"{STUDY}/figures/", reports.Figures.as_view(), name="figures"),
    path(f"{STUDY}/figures/<slug:name>/", reports.Figure.as_view(), name="figure"),
    path(f"{STUDY}/export/", reports.Export.as_view(), name="export"),
]
