"""Forced choices between arms: which one readers prefer."""

from dataclasses import dataclass

from readerstudy.reading.questions import Kind

from ..agreement import Estimate
from ..bias import WaldTest
from ..outcomes import Interval, NotEstimable, Reason, estimated
from ..preference import (
    Ability,
    BradleyTerry,
    Choices,
    PairShares,
    SideEffect,
    bradley_terry,
    pair_shares,
    side_effect,
    tie_share,
)
from .arms import ArmName, arm_name
from .asked import Asked, of_kind
from .whole_answers import WholeAnswers


@dataclass(frozen=True)
class ArmAbility:
    """One arm on the scale of the model: above 0 is preferred to the mean of all.

    penalised: of the model that has estimates where one arm was always preferred;
    None where the plain model has them.
    """

    arm: ArmName
    found: Ability
    penalised: float | None

    @property
    def value(self) -> float | None:
        """What there is to sort and draw by."""
        plain = estimated(self.found.ability)
        return self.penalised if plain is None else plain


@dataclass(frozen=True)
class PairLine:
    """Two arms that were shown side by side. readers: answers of each, in the order of
    the report. odds: by the model, that the first is preferred where one is."""

    first: ArmName
    second: ArmName
    all: PairShares
    readers: tuple[PairShares | None, ...]  # None: not asked of this pair
    odds: float | NotEstimable
    interval: Interval | NotEstimable
    p: float | NotEstimable
    p_holm: float | NotEstimable


@dataclass(frozen=True)
class PreferredQuestion:
    """choices, ties: answers. tie: Davidson's parameter. test: of equal abilities."""

    question: Asked
    choices: int
    ties: int
    patients: int
    abilities: tuple[ArmAbility, ...]  # the most preferred first
    tie: float | NotEstimable
    tie_share: Estimate
    test: WaldTest
    pairs: tuple[PairLine, ...]
    side: SideEffect

    @property
    def penalised(self) -> bool:
        """The plain model has no estimates, and another one stands beside it."""
        return any(one.penalised is not None for one in self.abilities)

    @property
    def allows_ties(self) -> bool:
        return len(self.question.answers) > 2


@dataclass(frozen=True)
class Preferences:
    questions: tuple[PreferredQuestion, ...]


def preference_section(
    questions: tuple[Asked, ...], answers: WholeAnswers
) -> Preferences | None:
    """None where no question asks for a choice."""
    asked = of_kind(questions, Kind.CHOICE)
    if not asked:
        return None
    return Preferences(tuple(_question(one, answers) for one in asked))


def _question(question: Asked, answers: WholeAnswers) -> PreferredQuestion:
    choices = answers.choices(question.key)
    model = bradley_terry(choices)
    return PreferredQuestion(
        question=question,
        choices=model.choices,
        ties=model.ties,
        patients=model.patients,
        abilities=_abilities(answers, choices, model),
        tie=model.tie,
        tie_share=tie_share(choices),
        test=model.test,
        pairs=_pairs(answers, choices, model),
        side=side_effect(choices),
    )


def _abilities(
    answers: WholeAnswers, choices: Choices, model: BradleyTerry
) -> tuple[ArmAbility, ...]:
    """The most preferred arm first; in the arms' order where nothing is known."""
    penalised: list[float | None] = [None] * len(model.abilities)
    if any(_is_always_preferred(one) for one in model.abilities):
        other = bradley_terry(choices, penalised=True)
        penalised = [estimated(one.ability) for one in other.abilities]
    lines = [
        ArmAbility(arm_name(arm), one, instead)
        for arm, one, instead in zip(
            answers.arms, model.abilities, penalised, strict=True
        )
    ]
    return tuple(sorted(lines, key=lambda one: -(one.value or 0.0)))


def _is_always_preferred(one: Ability) -> bool:
    found = one.ability
    return isinstance(found, NotEstimable) and found.reason is Reason.ALWAYS_PREFERRED


def _pairs(
    answers: WholeAnswers, choices: Choices, model: BradleyTerry
) -> tuple[PairLine, ...]:
    names = [arm_name(arm) for arm in answers.arms]
    odds = {(one.first, one.second): one for one in model.preferences}
    alone = [
        {(one.first, one.second): one for one in pair_shares(choices, reader=reader)}
        for reader in range(len(answers.readers))
    ]
    lines = []
    for one in pair_shares(choices):
        pair = one.first, one.second
        lines.append(
            PairLine(
                first=names[one.first],
                second=names[one.second],
                all=one,
                readers=tuple(of_reader.get(pair) for of_reader in alone),
                odds=odds[pair].odds,
                interval=odds[pair].interval,
                p=odds[pair].p,
                p_holm=odds[pair].p_holm,
            )
        )
    return tuple(lines)
