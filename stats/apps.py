from django.apps import AppConfig


class StatsConfig(AppConfig):
    """Agreement and image quality of an unblinded study, as page and CSV."""

    name = "stats"
