"""What the page of a network shows: all that is known of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from inference import registry
from inference.card_words import Result, plain_lines, results_told
from inference.learned import Known, learned_under
from inference.models import Weights
from readerstudy.cases.learning import Learned
from readerstudy.cases.models import Case, Cohort
from readerstudy.cases.selectors import digests_of


@dataclass(frozen=True)
class Blocked:
    """A cohort of the looker's, and how many of its cases the network may not show
    in a study: those it learned from and those it was chosen by.
    """

    cohort: Cohort
    cases: int
    training: int
    validation: int


@dataclass(frozen=True)
class CardPage:
    """spec: the registry's entry, None where this version has none any more.
    training: name → value as text, from the card.
    learns: "known", "nobody" or "unknown". under: sentences on how the images were
    that it learned from, where they were not as the cohort has them.
    """

    weights: Weights
    spec: registry.MethodSpec | None
    parameters: int | None
    results: list[Result]
    training: list[tuple[str, str]]
    operators: list[tuple[str, int]]
    learns: str
    under: list[str]
    patients: dict[str, int]
    blocked: list[Blocked]
    card: str


def card_page(weights: Weights, user: User) -> CardPage:
    spec = registry.METHODS.get(weights.network)
    data = weights.card.get("data", {})
    operators = weights.probe.get("operators", {})
    return CardPage(
        weights=weights,
        spec=spec,
        parameters=_parameters(weights, spec),
        results=results_told(weights.card.get("results", {})),
        training=_training(weights.card),
        operators=sorted(operators.items(), key=lambda one: (-one[1], one[0])),
        learns=_learns(data),
        under=learned_under(weights.card).words,
        patients=_patients(data),
        blocked=_blocked(weights, user),
        card=json.dumps(_shortened(weights.card), indent=2, ensure_ascii=False),
    )


def _parameters(weights: Weights, spec: registry.MethodSpec | None) -> int | None:
    """As counted in the registry; of a network that was brought, in its file."""
    if spec and spec.parameters:
        return spec.parameters
    found = weights.probe.get("parameters")
    return found if isinstance(found, int) else None


def _training(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How it was trained, where the card says it: of others' networks it does not."""
    if not card.get("recipe"):
        return []
    lines = plain_lines(card["recipe"])
    lines += [(name, str(card[name])) for name in ("loss", "seed") if name in card]
    return lines + plain_lines(card.get("versions", {}))


def _learns(data: Mapping[str, Any]) -> str:
    if "patients" not in data and "simulation_seed" not in data:
        return "unknown"
    return "known" if any(_patients(data).values()) else "nobody"


def _patients(data: Mapping[str, Any]) -> dict[str, int]:
    """Part → number of patients, or of simulated cases."""
    found = {}
    for part in (Learned.TRAINING, Learned.VALIDATION):
        try:
            if "patients" in data:
                found[part.value] = len(data["patients"][part])
            else:
                first, last = data["split"][part]["cases"]
                found[part.value] = last - first + 1
        except (KeyError, TypeError, ValueError):
            found[part.value] = 0
    return found


def _blocked(weights: Weights, user: User) -> list[Blocked]:
    known = Known(weights.card)
    found = []
    for cohort in Cohort.objects.visible_to(user):
        patients = digests_of(_cases(cohort)).values()
        said = [known.learned(*digests) for digests in patients]
        found.append(
            Blocked(
                cohort=cohort,
                cases=len(said),
                training=said.count(Learned.TRAINING),
                validation=said.count(Learned.VALIDATION),
            )
        )
    return found


def _cases(cohort: Cohort) -> list[Case]:
    return list(cohort.cases.only("patient_digest", "second_patient_digest"))


def _shortened(card: Mapping[str, Any]) -> Any:
    """A list of a thousand digests is not for reading; the file has them all."""
    if isinstance(card, Mapping):
        return {name: _shortened(value) for name, value in card.items()}
    if isinstance(card, list) and len(card) > 12:
        return [*card[:6], f"… ({len(card)})"]
    return card


@dataclass(frozen=True)
class Chosen:
    """The case that a network is looked at with, and those it was chosen among."""

    cohorts: list[Cohort]
    cohort: Cohort | None
    codes: list[str]
    code: str


def chosen_case(user: User, *, cohort: str, code: str) -> Chosen:
    """What was asked for, where it is the user's; else the first that there is."""
    cohorts = list(Cohort.objects.visible_to(user).exclude(cases=None))
    found = next((one for one in cohorts if str(one.pk) == cohort), None)
    found = found or next(iter(cohorts), None)
    cases = found.cases.order_by("code") if found else Case.objects.none()
    codes = list(cases.values_list("code", flat=True))
    return Chosen(cohorts, found, codes, code if code in codes else (codes or [""])[0])
