"""How a reader likes to work. It changes neither what is shown nor what is stored."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import Preferences


def preferences_save(*, user: User, keys: str, auto_advance: bool) -> Preferences:
    """keys: a value of Preferences.Keys; holds in every study of this reader."""
    if keys not in Preferences.Keys.values:
        raise Refused(_("Keys: %(value)s is not one of the layouts.") % {"value": keys})
    saved, _created = Preferences.objects.update_or_create(
        user=user, defaults={"keys": keys, "auto_advance": auto_advance}
    )
    return saved
