from django.apps import AppConfig


class ApiConfig(AppConfig):
    """What all doors for programs have in common. The doors are the apps' own."""

    name = "readerstudy.api"
