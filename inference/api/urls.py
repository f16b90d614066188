"""Addresses under /api/v1/."""

from django.urls import URLPattern

app_name = "inference-api"
urlpatterns: list[URLPattern] = []
