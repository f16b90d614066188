from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Puts the house together once: a simulated cohort, its arms, one study."""

    name = "readerstudy.demo"
