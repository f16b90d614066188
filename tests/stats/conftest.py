import pytest
from django.contrib.auth.models import User

from readerstudy.reading.models import Membership, Study

from .studies import make_cohort, make_study

METHODS = ("reference", "short", "unet")


@pytest.fixture
def study(db: None) -> Study:
    """Six cases, three arms, three readers, all read and unblinded."""
    cohort = make_cohort("Phantoms", cases=6, methods=METHODS)
    return make_study(cohort, methods=METHODS)


def _member(study: Study, name: str, role: str) -> User:
    user = User.objects.create_user(name, password="correct horse battery")
    Membership.objects.create(study=study, user=user, role=role)
    return user


@pytest.fixture
def coordinator(study: Study) -> User:
    return _member(study, "coordinator", Membership.Role.COORDINATOR)


@pytest.fixture
def statistician(study: Study) -> User:
    return _member(study, "statistician", Membership.Role.STATISTICIAN)
