from django.apps import AppConfig


class StatsConfig(AppConfig):
    """Agreement and image quality of an unblinded study, as page and CSV."""

    name = "stats"

    def ready(self) -> None:
        from readerstudy.reading.signals import study_unblinded

        from . import tasks

        study_unblinded.connect(tasks.call, dispatch_uid="stats")
