"""A cohort is divided into training, validation and test, until a study reads it."""

import secrets
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused

from ..models import Case, Cohort, Division, Series
from ..selectors.patients import patients_of
from ..splits import COVARIATES, Member, Sizes, divide

BATCH = 500
LONGEST_SEED = 64


@transaction.atomic
def cohort_divide(
    *,
    cohort: Cohort,
    sizes: Sizes,
    strata: Sequence[str] = (),
    seed: str = "",
    by: User | None = None,
) -> Division:
    """Give every case its part anew; the seed is drawn unless one is given.

    Refused once a study reads the cohort, and where sizes do not fit its patients.
    """
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    _refuse_frozen(cohort)
    seed = _checked_seed(seed) or secrets.token_hex(8)
    # in one spelling and order: the division does not depend on how it was asked
    strata = [name for name in COVARIATES if name in strata]
    cases = list(cohort.cases.order_by("pk"))
    parts = divide(_members(cohort, cases), sizes=sizes, seed=seed, strata=strata)
    for case in cases:
        case.split = parts[case.code]
    Case.objects.bulk_update(cases, ["split"], batch_size=BATCH)
    plain = {
        "training": sizes.training,
        "validation": sizes.validation,
        "test": sizes.test,
        "seed": seed,
        "strata": strata,
    }
    division, _created = Division.objects.update_or_create(
        cohort=cohort, defaults={**plain, "made_at": timezone.now(), "made_by": by}
    )
    event_record(
        action="cohort.divide", actor=by, subject=("cohort", cohort.name), after=plain
    )
    return division


def _checked_seed(seed: str) -> str:
    seed = seed.strip()
    if len(seed) > LONGEST_SEED:
        raise Refused(
            _("The seed is longer than %(longest)d characters.")
            % {"longest": LONGEST_SEED}
        )
    return seed


def _refuse_frozen(cohort: Cohort) -> None:
    if cohort.frozen_at:
        raise Refused(
            _(
                "The cohort “%(cohort)s” is being read in a study; its division can "
                "no longer be changed."
            )
            % {"cohort": cohort.name}
        )


def _members(cohort: Cohort, cases: list[Case]) -> list[Member]:
    measured = Series.objects.filter(
        case__cohort=cohort, role=Series.Role.REFERENCE
    ).values_list("case", "binding_ratio_right", "binding_ratio_left")
    ratios = {
        case: (right + left) / 2
        for case, right, left in measured
        if right is not None and left is not None
    }
    patients = patients_of(cases)
    return [
        Member(
            code=case.code,
            patient=patients[case.pk],
            sex=case.sex,
            age_years=case.age_years,
            binding_ratio=ratios.get(case.pk),
        )
        for case in cases
    ]
