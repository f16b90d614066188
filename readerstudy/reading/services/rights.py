"""Who may do what to a study, asked by every act of it."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import Membership, Study


def check_coordinates(study: Study, by: User) -> None:
    role = Membership.Role.COORDINATOR
    if not study.memberships.filter(user=by, role=role).exists():
        raise Refused(_("Only a coordinator of the study can do this."))
