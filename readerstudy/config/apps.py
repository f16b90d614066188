from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Holds the start page, the checks and the Celery application."""

    name = "readerstudy.config"
    label = "config"

    def ready(self) -> None:
        # shared_task needs the configured application in every process
        from readerstudy.config import celery, checks  # noqa: F401
