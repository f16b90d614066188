"""The plan of a study that opens, written as rows."""

from collections.abc import Mapping
from typing import Any

from readerstudy.blinding import tokens
from readerstudy.blinding.pairs import arms_of
from readerstudy.blinding.sampling import sample_positions
from readerstudy.blinding.schedule import PlannedRead
from readerstudy.cases.models import Case

from ..models import Arm, ArmGuess, Membership, Read, Session, Study
from ..plans import plan_drawn
from ..protocol.frozen import study_readers

BATCH = 1000


def plan_write(
    study: Study, chosen: list[Case], images: dict[tuple[int, str], str]
) -> int:
    """As its frozen protocol and its seed give it; how many reads were planned."""
    assert study.protocol is not None
    readers = {reader.code: reader for reader in study_readers(study)}
    plan = plan_drawn(study.protocol, study.seed)
    arms = {arm.code: arm for arm in study.arms.all()}
    by_code = {case.code: case for case in chosen}
    for code, planned in plan.items():
        sessions = _sessions_write(study, readers[code], planned)
        Read.objects.bulk_create(
            (
                Read(
                    session=sessions[read.session],
                    reader=readers[code],
                    case=by_code[read.case],
                    repeat=read.repeat,
                    position=read.position,
                    token=tokens.new_token(),
                    **_shown(read, arms, images, by_code[read.case]),
                )
                for read in planned
            ),
            batch_size=BATCH,
        )
        _guesses_write(study, readers[code])
    return sum(len(planned) for planned in plan.values())


def _shown(
    read: PlannedRead,
    arms: Mapping[str, Arm],
    images: Mapping[tuple[int, str], str],
    case: Case,
) -> dict[str, Any]:
    """What a read shows: one arm's image, or a pair's from the left."""
    shown = [arms[code] for code in arms_of(read.arm)]
    pinned = [images[case.pk, arm.method] for arm in shown]
    return {
        "arm": shown[0],
        "image_sha256": pinned[0],
        "second_arm": shown[1] if len(shown) > 1 else None,
        "second_sha256": pinned[1] if len(shown) > 1 else "",
    }


def _guesses_write(study: Study, reader: Membership) -> None:
    """The reads after which the reader is asked to guess, if the protocol asks."""
    if study.guesses == Study.Guesses.NEVER:
        return
    reads = reader.reads.order_by("position")
    sample = sample_positions(
        seed=study.seed,
        reader=reader.code,
        reads=len(reads),
        percent=study.guess_percent,
    )
    ArmGuess.objects.bulk_create(
        (
            ArmGuess(read=read, token=tokens.new_token())
            for read in reads
            if read.position in sample
        ),
        batch_size=BATCH,
    )


def _sessions_write(
    study: Study, reader: Membership, planned: list[PlannedRead]
) -> dict[int, Session]:
    positions: dict[int, list[int]] = {}
    for read in planned:
        positions.setdefault(read.session, []).append(read.position)
    return {
        session.number: session
        for session in Session.objects.bulk_create(
            Session(
                study=study,
                reader=reader,
                number=number,
                first_position=held[0],
                size=len(held),
            )
            for number, held in positions.items()
        )
    }
