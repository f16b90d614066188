from django.apps import AppConfig


class ReadingConfig(AppConfig):
    """Studies and their blinded, randomised reading."""

    name = "readerstudy.reading"
