"""Addresses under /api/v1/."""

from django.urls import path

from . import progress

app_name = "reading-api"
urlpatterns = [
    path("studies/", progress.StudyList.as_view(), name="study-list"),
    path(
        "studies/<slug:slug>/progress/",
        progress.StudyProgress.as_view(),
        name="progress",
    ),
    path(
        "studies/<slug:slug>/deviations/",
        progress.StudyDeviations.as_view(),
        name="deviations",
    ),
]
