from django.urls import path

from . import views

app_name = "stats"
urlpatterns = [
    path("studies/<slug:slug>/report/", views.report, name="report"),
    path("studies/<slug:slug>/export/", views.export, name="export"),
]
