from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """For whoever runs the site: health, metrics, backup and restore."""

    name = "readerstudy.operations"
