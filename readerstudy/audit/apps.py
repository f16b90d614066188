from django.apps import AppConfig


class AuditConfig(AppConfig):
    """What was done, by whom and when: a chain of events that nobody can change."""

    name = "readerstudy.audit"

    def ready(self) -> None:
        from . import accounts

        accounts.listen()
