"""Addresses under /api/v1/ that belong to no app."""

from django.urls import path

from . import own

app_name = "api"
urlpatterns = [
    path("me/", own.Me.as_view(), name="me"),
    path("schema/", own.Schema.as_view(), name="schema"),
    path("docs/", own.Swagger.as_view(), name="swagger"),
    path("redoc/", own.Redoc.as_view(), name="redoc"),
]
