"""Addresses under /api/v1/."""

from django.urls import URLPattern

app_name = "stats-api"
urlpatterns: list[URLPattern] = []
