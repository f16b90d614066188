"""Second factors, as an administrator deals with them."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import transaction

from readerstudy.audit.services import event_record


@transaction.atomic
def factors_forget(*, user: User, by: User | None) -> int:
    """For who has lost telephone and codes: the password alone opens the account,
    until a new factor is set up. How many there were."""
    mine = Authenticator.objects.select_for_update().filter(user=user)
    kinds = sorted(mine.values_list("type", flat=True))
    mine.delete()
    for kind in kinds:
        event_record(
            action="account.factor_remove",
            actor=by,
            subject=("account", user.get_username()),
            after={"kind": kind},
        )
    return len(kinds)
