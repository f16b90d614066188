"""A study's plan, as stored and as its protocol and a seed give it."""

from typing import Any

from readerstudy.blinding.pairs import build_pairs, pair_code
from readerstudy.blinding.sampling import sample_positions
from readerstudy.blinding.schedule import PlannedArm, PlannedRead, build_schedule

from .models import Read, Study

Plan = dict[str, list[PlannedRead]]  # reader's code → reads in the order of reading


def plan_stored(study: Study) -> Plan:
    """What the rows of the database say; a pair's `arm` is “left~right”."""
    rows = (
        Read.objects.filter(reader__study=study)
        .order_by("reader__code", "position")
        .values_list(
            "reader__code",
            "session__number",
            "position",
            "case__code",
            "arm__code",
            "second_arm__code",
            "repeat",
        )
    )
    plan: Plan = {}
    for reader, session, position, case, arm, second, repeat in rows:
        shown = pair_code(arm, second) if second else arm
        read = PlannedRead(session, position, case, shown, repeat)
        plan.setdefault(reader, []).append(read)
    return plan


def plan_drawn(protocol: dict[str, Any], seed: str) -> Plan:
    """What a frozen protocol and a seed give: nothing of the database."""
    build = build_pairs if is_of_pairs(protocol) else build_schedule
    return build(
        cases=[case["code"] for case in protocol["cases"]],
        arms=[PlannedArm(arm["code"], arm["repeated"]) for arm in protocol["arms"]],
        readers=protocol["readers"],
        sessions=protocol["sessions"],
        spacing=protocol["spacing"],
        seed=seed,
    )


def is_of_pairs(protocol: dict[str, Any]) -> bool:
    """Protocols from before there were pairs do not say that they have none."""
    shown = protocol.get("display", {}).get("presentation", Study.Presentation.SINGLE)
    return bool(shown == Study.Presentation.PAIRS)


def guesses_drawn(
    protocol: dict[str, Any], seed: str, plan: Plan
) -> set[tuple[str, int]]:
    """(reader's code, position) of the reads that are asked about afterwards.

    A protocol from before guesses were asked has no such section: none.
    """
    asked = protocol.get("guesses")
    if asked is None or asked["when"] == Study.Guesses.NEVER:
        return set()
    return {
        (reader, position)
        for reader, reads in plan.items()
        for position in sample_positions(
            seed=seed, reader=reader, reads=len(reads), percent=asked["percent"]
        )
    }
