"""What the audit log learns of a study: enough to prove it, too little to unblind.

Events of a study name no arm and no case. An answer appears as a digest under the
study's seed as its key: nobody can try the few possible grades out before the seed
is published at unblinding, and afterwards anybody can check every answer.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User

from readerstudy.audit.services import event_record

from .models import (
    Answer,
    Membership,
    Read,
    Score,
    Session,
    Study,
    TrainingAttempt,
)
from .protocol.frozen import (
    canonical_json,
    describe_analysis,
    describe_arms,
    describe_conduct,
    describe_display,
    describe_guesses,
    describe_training,
)
from .questions import Grade, Mark

TIMES = ("first_ms", "spent_ms", "away_ms", "held_ms")  # of Answer, by the browser


def answer_digest(
    *, seed: str, reader: str, answer: Answer, grades: Iterable[Grade]
) -> str:
    """HMAC-SHA256 of one version of the answer to one read, hexadecimal.

    The key is the seed's characters; the message is canonical JSON, so the same
    grades in two reads give two digests. What was not said (no comment, a side that
    is graded, the protocol's own window, no time) is left out of it.
    """
    said: dict[str, Any] = {
        "purpose": "audit of answers",
        "reader": reader,
        "position": answer.read.position,
        "version": answer.version,
        "answers": sorted(map(_said, grades)),
        "reason": answer.reason,
    }
    if answer.comment:
        said["comment"] = answer.comment
    if answer.window_high is not None:
        said["window"] = [answer.window_low, answer.window_high]
    times = {name: getattr(answer, name) for name in TIMES}
    if told := {name: time for name, time in times.items() if time is not None}:
        said["times"] = told
    return _keyed_digest(seed, said)


def _said(grade: Grade) -> list[Any]:
    """Only as much of it as there is."""
    place = [grade.question, grade.side, grade.value]
    if grade.text:
        return [*place, "", grade.text]
    if grade.value is None:
        return [*place, grade.unassessable]
    return [*place, [list(mark) for mark in grade.marks]] if grade.marks else place


def grade_of(score: Score) -> Grade:
    """What a row says was answered."""
    return Grade(
        score.question,
        score.side,
        score.value,
        score.unassessable,
        score.text,
        tuple(Mark(**mark) for mark in score.marks),
    )


def _keyed_digest(seed: str, said: dict[str, Any]) -> str:
    key = seed.encode("ascii")
    return hmac.new(key, canonical_json(said), hashlib.sha256).hexdigest()


def guess_digest(
    *, seed: str, reader: str, position: int, guess: str, confidence: int | None
) -> str:
    """HMAC-SHA256 of one arm guess, keyed as answers are, hexadecimal."""
    said = {
        "purpose": "audit of arm guesses",
        "reader": reader,
        "position": position,
        "guess": guess,
        "confidence": confidence,
    }
    return _keyed_digest(seed, said)


def record_answer(
    *, study: Study, answer: Answer, grades: Iterable[Grade], reader: Membership
) -> None:
    """reader: with its user, as it was locked."""
    digest = answer_digest(
        seed=study.seed, reader=reader.code, answer=answer, grades=grades
    )
    version = answer.version
    record_read(
        "read.submit",
        study=study,
        read=answer.read,
        reader=reader,
        by=reader.user,
        before={"version": version - 1} if version > 1 else None,
        after={"version": version, "answers_hmac_sha256": digest},
        reason=answer.reason,
    )


def record_read(
    action: str,
    *,
    study: Study,
    read: Read,
    reader: Membership,
    by: User,
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> None:
    """Something was done to one read, which its reader's code and position name."""
    event_record(
        action=action,
        actor=by,
        subject=("read", f"{reader.code}/{read.position}"),
        study=study.slug,
        before=before,
        after=after,
        reason=reason,
    )


def record_session(
    action: str,
    *,
    session: Session,
    reader: Membership,
    by: User,
    after: Any = None,
    reason: str = "",
) -> None:
    event_record(
        action=action,
        actor=by,
        subject=("session", f"{reader.code}/{session.number}"),
        study=session.study.slug,
        after=after,
        reason=reason,
    )


def record_training(
    *, study: Study, attempt: TrainingAttempt, reader: Membership, reached: str | None
) -> None:
    """How an attempt ended; no answer, and nothing of the images."""
    event_record(
        action="training.finish",
        actor=reader.user,
        subject=("training", f"{reader.code}/{attempt.number}"),
        study=study.slug,
        after={
            "reader": reader.code,
            "attempt": attempt.number,
            "passed": attempt.passed,
            "reached": reached,
        },
    )


def record_study(
    action: str,
    *,
    study: Study,
    by: User | None,
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> None:
    event_record(
        action=action,
        actor=by,
        subject=("study", study.slug),
        study=study.slug,
        before=before,
        after=after,
        reason=reason,
    )


def record_member(
    action: str,
    *,
    study: Study,
    user: User,
    role: str,
    code: str,
    by: User | None,
    reason: str = "",
) -> None:
    held = {"role": role, "code": code}
    added = action == "member.add"
    event_record(
        action=action,
        actor=by,
        subject=("account", user.get_username()),
        study=study.slug,
        before=None if added else held,
        after=held if added else None,
        reason=reason,
    )


def draft_summary(study: Study) -> dict[str, Any]:
    """The settings of a draft; what names arms or cases as a hash of it all."""
    arms = describe_arms(study)
    named = {
        "arms": arms,
        "codes": study.case_codes,
        "training": describe_training(study),
        "analysis": describe_analysis(study),
        "own_questions": study.own_questions,
    }
    return {
        "title": study.title,
        "cohort": study.cohort.name,
        "case_split": study.case_split,
        "case_codes": len(study.case_codes),
        "resampling_allowed": study.resampling_allowed,
        "question_set": study.question_set,
        "display": describe_display(study),
        "sessions": study.sessions,
        "washout_days": study.washout_days,
        "spacing": study.spacing,
        "conduct": describe_conduct(study),
        "guesses": describe_guesses(study),
        "training": len(named["training"]["images"]),
        "arms": len(arms),
        "arms_sha256": hashlib.sha256(canonical_json(named)).hexdigest(),
    }
