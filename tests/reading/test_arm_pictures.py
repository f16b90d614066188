"""The study's page shows each arm by the middle slices of its first case."""

import re

import pytest
from django.urls import reverse

from tests.factory import make_stack_cohort
from tests.stacks import make_stack_study

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("slices", "shown"), [(6, [1, 2, 3]), (2, [0, 1]), (1, [0])])
def test_every_picture_of_a_stack_is_there(client, cast, slices, shown):
    cohort = make_stack_cohort(
        cases_wanted=2, coordinators=[cast.coordinator], shapes=((slices, 70, 80),)
    )
    study = make_stack_study(cast, cohort=cohort)
    client.force_login(cast.coordinator)
    page = client.get(reverse("reading:study-detail", args=[study.slug]))
    found = re.findall(
        r'src="(/cohorts/previews/\d+/(\d+)\.png[^"]*)"', page.content.decode()
    )
    assert [int(index) for _, index in found] == shown * study.arms.count()
    for address, _ in found:
        assert client.get(address).status_code == 200, address
