"""What was shown at once: the image of an arm, or those of two arms side by side."""

from dataclasses import dataclass

from readerstudy.reading.models import Read, Study

from .. import selectors
from .arms import ArmName, arm_name

Shown = frozenset[int]  # pks of one arm, or of two
PAIRED = "~"  # between the codes of two arms, which have none themselves


def shown(arm: int, second: int | None) -> Shown:
    return frozenset({arm} if second is None else {arm, second})


@dataclass(frozen=True)
class Presented:
    """name: of a pair both codes and titles. repeats: how often each reader read it."""

    key: Shown
    name: ArmName
    repeats: tuple[int, ...]


def presented(study: Study) -> tuple[Presented, ...]:
    """The reference first; pairs by their arms. Of single arms all, read or not."""
    arms = [selectors.reference_arm(study), *selectors.compared_arms(study)]
    reads = Read.objects.filter(session__study=study, second_arm__isnull=False)
    rows = reads.order_by().values_list("arm", "second_arm", "repeat").distinct()
    repeats: dict[Shown, set[int]] = {}
    for arm, second, repeat in rows:
        repeats.setdefault(shown(arm, second), set()).add(repeat)
    if not repeats:
        return tuple(
            Presented(
                shown(arm.pk, None), arm_name(arm), (0, 1) if arm.repeated else (0,)
            )
            for arm in arms
        )
    pairs = [
        (one, other)
        for place, one in enumerate(arms)
        for other in arms[place + 1 :]
        if shown(one.pk, other.pk) in repeats
    ]
    return tuple(
        Presented(
            key := shown(one.pk, other.pk),
            pair_name(arm_name(one), arm_name(other), position),
            tuple(sorted(repeats[key])),
        )
        for position, (one, other) in enumerate(pairs, start=1)
    )


def pair_name(first: ArmName, second: ArmName, position: int) -> ArmName:
    return ArmName(
        code=f"{first.code}{PAIRED}{second.code}",
        title=f"{first.title} / {second.title}",
        method="",
        position=position,
    )
