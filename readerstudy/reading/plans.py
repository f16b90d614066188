"""A study's plan, as stored and as its protocol and a seed give it."""

from typing import Any

from readerstudy.blinding.sampling import sample_positions
from readerstudy.blinding.schedule import PlannedArm, PlannedRead, build_schedule

from .models import Read, Study

Plan = dict[str, list[PlannedRead]]  # reader's code → reads in the order of reading


def plan_stored(study: Study) -> Plan:
    """What the rows of the database say."""
    rows = (
        Read.objects.filter(reader__study=study)
        .order_by("reader__code", "position")
        .values_list(
            "reader__code",
            "session__number",
            "position",
            "case__code",
            "arm__code",
            "repeat",
        )
    )
    plan: Plan = {}
    for reader, session, position, case, arm, repeat in rows:
        read = PlannedRead(session, position, case, arm, repeat)
        plan.setdefault(reader, []).append(read)
    return plan


def plan_drawn(protocol: dict[str, Any], seed: str) -> Plan:
    """What a frozen protocol and a seed give: nothing of the database."""
    return build_schedule(
        cases=[case["code"] for case in protocol["cases"]],
        arms=[PlannedArm(arm["code"], arm["repeated"]) for arm in protocol["arms"]],
        readers=protocol["readers"],
        sessions=protocol["sessions"],
        spacing=protocol["spacing"],
        seed=seed,
    )


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
