from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cohorts, their cases, and the image of every case in every arm."""

    name = "readerstudy.cases"
