from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Who may come in, and how: logins, second factors, tokens of programs."""

    name = "readerstudy.accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from . import listening

        listening.listen()
