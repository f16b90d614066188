"""How the pages of people with an unblinded role fetch their study."""

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from ..models import Membership, Study

COORDINATOR = Membership.Role.COORDINATOR
STATISTICIAN = Membership.Role.STATISTICIAN


def user_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def study_or_404(request: HttpRequest, slug: str, *roles: str) -> Study:
    """The study, in which this person holds one of the roles."""
    studies = Study.objects.for_role(user_of(request), *roles)
    return get_object_or_404(studies.select_related("cohort"), slug=slug)


def coordinates(request: HttpRequest, study: Study) -> bool:
    mine = study.memberships.filter(user=user_of(request))
    return mine.filter(role=COORDINATOR).exists()
