"""Second factors and single sign-on, as an administrator deals with them."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
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


@transaction.atomic
def sign_on_forget(*, user: User, by: User | None) -> int:
    """The next identity that the provider names like the account is tied to it: for
    where the provider was changed. How many ties there were."""
    number: int = SocialAccount.objects.filter(user=user).delete()[0]
    if number:
        event_record(
            action="account.factor_remove",
            actor=by,
            subject=("account", user.get_username()),
            after={"kind": "sign_on"},
        )
    return number
