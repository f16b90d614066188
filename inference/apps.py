from django.apps import AppConfig


class InferenceConfig(AppConfig):
    """Filters and networks, and the jobs that run them over a cohort."""

    name = "inference"
