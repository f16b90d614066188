from django.urls import path

from .views import figures, images, planning, report

app_name = "stats"
urlpatterns = [
    path("planning/", planning.planning, name="planning"),
    path("planning/figure.svg", planning.planning_figure, name="planning-figure"),
    path("studies/<slug:slug>/report/", report.report, name="report"),
    path(
        "studies/<slug:slug>/report/report.json",
        report.report_json,
        name="report-json",
    ),
    path("studies/<slug:slug>/report/report.pdf", report.report_pdf, name="report-pdf"),
    path("studies/<slug:slug>/report/freeze/", report.freeze, name="report-freeze"),
    path(
        "studies/<slug:slug>/report/figures/<slug:name>.<slug:form>",
        figures.figure,
        name="figure",
    ),
    path(
        "studies/<slug:slug>/report/images/<slug:arm>/<slug:case>.png",
        images.image_pair,
        name="image-pair",
    ),
    path(
        "studies/<slug:slug>/report/stability/<slug:arm>/<slug:case>/<slug:name>.png",
        images.stability_picture,
        name="stability-picture",
    ),
    path("studies/<slug:slug>/export/", report.export, name="export"),
]
