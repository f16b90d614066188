"""Addresses under /api/v1/."""

from django.urls import URLPattern

app_name = "cases-api"
urlpatterns: list[URLPattern] = []
