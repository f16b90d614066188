"""Whether a study was read as its seed and its frozen protocol say."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from readerstudy.blinding.schedule import PlannedRead
from readerstudy.blinding.seeds import commitment

from ..models import Read, Session, Study
from ..plans import Plan, guesses_drawn, plan_drawn, plan_stored
from ..protocol.frozen import protocol_sha256
from .answers import answers_check
from .protocol import (
    amendment_lines,
    amendment_matches,
    guess_places,
    setting_lines,
    training_lines,
)


@dataclass(frozen=True)
class Verification:
    """What was found. `details` tell arms and cases: for unblinded studies only."""

    reads: int  # that the plan holds; 0 where it could not be drawn again
    protocol_matches: bool  # the frozen protocol has its published SHA-256
    amendments: dict[int, bool]  # number → it has the SHA-256 stored with it
    seed_matches: bool  # the seed has its published SHA-256
    guesses: int  # reads that are asked about afterwards, as drawn
    answers: int  # versions, of all reads
    answers_in_log: bool  # they were compared with the audit log
    differences: dict[str, int]  # what differs, in words → how often
    details: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return (
            self.protocol_matches
            and all(self.amendments.values())
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
    amendments = {one.number: amendment_matches(one) for one in study.amendments.all()}
    if not (protocol_matches and seed_matches):
        return Verification(
            0, protocol_matches, amendments, seed_matches, 0, 0, False, {}, ()
        )
    drawn = plan_drawn(study.protocol, study.seed)
    asked = guesses_drawn(study.protocol, study.seed, drawn)
    answers = answers_check(study)
    found = {
        "reads are not as drawn": _read_differences(drawn, plan_stored(study)),
        "sessions are not as drawn": _session_differences(drawn, study),
        "reads show another image than the protocol's": _image_differences(study),
        "reads are asked about, or not, against the draw": _guess_differences(
            asked, study
        ),
        "cases are both trained on and read": list(training_lines(study)),
        "amendments are out of order or change what none may": list(
            amendment_lines(study)
        ),
        "sections of the protocol are not what the study does": list(
            setting_lines(study)
        ),
        **answers.lines,
    }
    return Verification(
        reads=sum(map(len, drawn.values())),
        protocol_matches=True,
        amendments=amendments,
        seed_matches=True,
        guesses=len(asked),
        answers=answers.answers,
        answers_in_log=answers.in_log,
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


def _guess_differences(asked: set[tuple[str, int]], study: Study) -> list[str]:
    stored = guess_places(study)
    return [
        f"reader {reader}, position {position}: a guess is "
        + ("drawn, not stored" if (reader, position) in asked else "stored, not drawn")
        for reader, position in sorted(asked ^ stored)
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
    for reader, position, case, arm, method, sha256, *second in rows.values_list(
        "reader__code",
        "position",
        "case__code",
        "arm__code",
        "arm__method",
        "image_sha256",
        "second_arm__code",
        "second_arm__method",
        "second_sha256",
    ):
        shown = [(arm, method, sha256)]
        if second[0] is not None or second[2]:
            shown.append((second[0], second[1], second[2]))
        for code, made, pinned in shown:
            if frozen.get((case, code)) != pinned or methods.get(code) != made:
                yield f"reader {reader}, position {position}: case {case}, arm {code}"
