"""Whether a study was read as its seed and its frozen protocol say."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from readerstudy.blinding.schedule import PlannedRead
from readerstudy.blinding.seeds import commitment

from .models import Read, Session, Study
from .plans import Plan, plan_drawn, plan_stored
from .protocol import protocol_sha256


@dataclass(frozen=True)
class Verification:
    """What was found. `details` tell arms and cases: for unblinded studies only."""

    reads: int  # that the plan holds; 0 where it could not be drawn again
    protocol_matches: bool  # the frozen protocol has its published SHA-256
    seed_matches: bool  # the seed has its published SHA-256
    differences: dict[str, int]  # what differs, in words → how often
    details: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return (
            self.protocol_matches
            and self.seed_matches
            and self.reads > 0
            and not any(self.differences.values())
        )


def schedule_verify(study: Study) -> Verification:
    """Draw the plan again and compare every stored row with it.

    Rows are compared only where protocol and seed are what was published: against
    any others every row would differ and tell nothing.
    """
    assert study.protocol is not None, "a draft has no plan"
    protocol_matches = protocol_sha256(study.protocol) == study.protocol_sha256
    seed_matches = commitment(study.seed) == study.seed_sha256
    if not (protocol_matches and seed_matches):
        return Verification(0, protocol_matches, seed_matches, {}, ())
    drawn = plan_drawn(study.protocol, study.seed)
    found = {
        "reads are not as drawn": _read_differences(drawn, plan_stored(study)),
        "sessions are not as drawn": _session_differences(drawn, study),
        "reads show another image than the protocol's": _image_differences(study),
    }
    return Verification(
        reads=sum(map(len, drawn.values())),
        protocol_matches=True,
        seed_matches=True,
        differences={what: len(lines) for what, lines in found.items()},
        details=tuple(line for lines in found.values() for line in lines),
    )


def _by_place(plan: Plan) -> dict[tuple[str, int], PlannedRead]:
    return {(reader, read.position): read for reader in plan for read in plan[reader]}


def _words(read: PlannedRead | None) -> str:
    if read is None:
        return "nothing"
    again = ", again" if read.repeat else ""
    return f"session {read.session}, case {read.case}, arm {read.arm}{again}"


def _read_differences(drawn: Plan, stored: Plan) -> list[str]:
    should, does = _by_place(drawn), _by_place(stored)
    return [
        f"reader {reader}, position {position}: drawn {_words(should.get(place))}; "
        f"stored {_words(does.get(place))}"
        for place in sorted(should.keys() | does.keys())
        for reader, position in [place]
        if should.get(place) != does.get(place)
    ]


def _session_differences(drawn: Plan, study: Study) -> list[str]:
    should: dict[tuple[str, int], list[int]] = {}
    for reader, reads in drawn.items():
        for read in reads:
            held = should.setdefault((reader, read.session), [read.position, 0])
            held[1] += 1
    rows = Session.objects.filter(study=study)
    does = {
        (reader, number): [first, size]
        for reader, number, first, size in rows.values_list(
            "reader__code", "number", "first_position", "size"
        )
    }
    return [
        f"reader {reader}, session {number}: first position and reads drawn "
        f"{should.get(place)}, stored {does.get(place)}"
        for place in sorted(should.keys() | does.keys())
        for reader, number in [place]
        if should.get(place) != does.get(place)
    ]


def _image_differences(study: Study) -> list[str]:
    assert study.protocol is not None
    frozen = {
        (case["code"], arm): sha256
        for case in study.protocol["cases"]
        for arm, sha256 in case["images"].items()
    }
    methods = {arm["code"]: arm["method"] for arm in study.protocol["arms"]}
    return list(_image_lines(study, frozen, methods))


def _image_lines(
    study: Study, frozen: dict[tuple[Any, Any], str], methods: dict[Any, str]
) -> Iterable[str]:
    rows = Read.objects.filter(reader__study=study).order_by("reader", "position")
    for reader, position, case, arm, method, sha256 in rows.values_list(
        "reader__code",
        "position",
        "case__code",
        "arm__code",
        "arm__method",
        "image_sha256",
    ):
        if frozen.get((case, arm)) != sha256 or methods.get(arm) != method:
            yield f"reader {reader}, position {position}: case {case}, arm {arm}"
