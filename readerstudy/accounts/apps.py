from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who may come in, and how: logins, second factors, tokens of programs."""

    name = "readerstudy.accounts"

    def ready(self) -> None:
        from . import listening

        listening.listen()
