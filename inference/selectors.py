"""What pages and workers read of weights and jobs."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from inference import registry
from inference.models import Weights
from inference.networks.weights import WeightsFile, parse_weights
from inference.runtime import NetworkFile
from inference.told_cards import PARTS
from readerstudy.cases.models import Case, Cohort
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop


def network_file(weights: Weights) -> NetworkFile:
    """What is run of the weights, only if it is still what was taken in."""
    try:
        with weights.file.open("rb") as file:
            content = file.read()
    except OSError as error:
        raise Refused(
            gettext_noop("The file of the weights “%(title)s” cannot be read.")
            % {"title": weights.title}
        ) from error
    if hashlib.sha256(content).hexdigest() != weights.sha256:
        raise Refused(
            gettext_noop("The file of the weights “%(title)s” has been changed.")
            % {"title": weights.title}
        )
    format_: Any = weights.format
    return NetworkFile(format_, content, weights.title)


def weights_file(weights: Weights) -> WeightsFile:
    """The checked content of weights for a registered network."""
    return parse_weights(network_file(weights).content, name=weights.title)


@dataclass(frozen=True)
class Choice:
    """One thing that can be run on a cohort, as a form offers it."""

    value: str  # a filter's key, or "weights-PK"
    spec: registry.MethodSpec
    weights: Weights | None


def method_choices() -> list[Choice]:
    """Everything that can run here: the filters, then every network's weights."""
    choices = [
        Choice(spec.key, spec, None)
        for spec in registry.METHODS.values()
        if spec.kind == "filter" and not spec.unavailable_reason
    ]
    for weights in Weights.objects.all():
        spec = registry.METHODS.get(weights.network)
        if spec and not spec.unavailable_reason:
            choices.append(Choice(f"weights-{weights.pk}", spec, weights))
    return choices


def divided_cohorts(user: User) -> QuerySet[Cohort]:
    """Those of a coordinator whose cases have their parts."""
    taught = Case.objects.filter(split__in=PARTS)
    return Cohort.objects.visible_to(user).filter(cases__in=taught).distinct()


def patients_learned(cohort: Cohort) -> dict[str, list[str]]:
    """Part → digests of its patients, of training and validation, as a card has them.

    A patient who bears two ids stands there with both.
    """
    found: dict[str, set[str]] = {part: set() for part in PARTS}
    for case in cohort.cases.filter(split__in=PARTS):
        found[case.split].update(case.patient_digests)
    return {part: sorted(digests) for part, digests in found.items()}
