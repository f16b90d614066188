"""What happened around the reads of a study: rows as the services would leave them."""

from datetime import timedelta

from django.contrib.auth.models import User

from readerstudy.cases.models import Case
from readerstudy.reading.models import (
    Amendment,
    ArmGuess,
    CodeBreak,
    Deviation,
    LeakOracleRun,
    Membership,
    Read,
    Reopening,
    Study,
    TrainingAttempt,
    TrainingItem,
    TrainingRead,
    UnblindingApproval,
    ViewingCheck,
)
from readerstudy.reading.protocol.frozen import protocol_sha256

from .studies import OPENED

PLAN = {
    "primary_arm": "unet",
    "control_arm": "short",
    "margin": "0.1",
    "weights": "linear",
    "interval": "clustered-delta",
    "image_metrics": ["ssim-1", "psnr-255"],
}


def give_plan(study: Study, **changes: object) -> None:
    """An analysis plan in the protocol, as it is frozen since protocols have one."""
    study.protocol["analysis"] = {**PLAN, **changes}
    study.protocol_sha256 = protocol_sha256(study.protocol)
    study.save()


def add_guesses(study: Study) -> None:
    """Every first reading and every repeat is asked about; the last is not answered.

    A knows all, B always says another, C can't tell but for the reference.
    """
    Study.objects.filter(pk=study.pk).update(guesses="after-grade", guess_percent=100)
    study.refresh_from_db()
    reads = Read.objects.filter(session__study=study).select_related("arm", "reader")
    answers = {
        "A": lambda role: (role, 5),
        "B": lambda role: ("comparison", 2),
        "C": lambda role: (
            ("reference", 1) if role == "reference" else ("unknown", None)
        ),
    }
    for number, read in enumerate(reads.order_by("reader__code", "position")):
        guess, confidence = answers[read.reader.code](read.arm.role)
        ArmGuess.objects.create(
            read=read,
            token=f"guess-{number}",
            first_shown_at=read.submitted_at,
            guess=guess,
            confidence=confidence,
            guessed_at=read.submitted_at + timedelta(seconds=4),
        )
    last = ArmGuess.objects.filter(read__reader__code="C").latest("read__position")
    last.guess, last.confidence, last.guessed_at = "", None, None
    last.save()


def add_conduct(study: Study, *, coordinator: User, statistician: User) -> None:
    for role, user in (("coordinator", coordinator), ("statistician", statistician)):
        UnblindingApproval.objects.create(
            study=study, user=user, role=role, at=OPENED + timedelta(days=2)
        )
    amended = {**study.protocol, "washout_days": 14}
    Amendment.objects.create(
        study=study,
        number=1,
        reason="The reader travels.",
        changes={"washout_days": [28, 14], "title": [None, "Phantoms"]},
        protocol=amended,
        protocol_sha256=protocol_sha256(amended),
        at=OPENED + timedelta(hours=1),
        by=coordinator,
    )
    reader = Membership.objects.get(study=study, code="A")
    first, second = Read.objects.filter(reader=reader).order_by("position")[:2]
    CodeBreak.objects.create(
        read=second, by=coordinator, reason="The patient fell.", at=OPENED
    )
    for kind, amount, read in (
        ("long-pause", 900, first),
        ("focus", 75, first),
        ("device", None, second),
        ("washout", 30, None),
    ):
        Deviation.objects.create(
            reader=reader,
            session=first.session,
            read=read,
            kind=kind,
            amount=amount,
            at=OPENED,
        )
    for by_reader in (True, False):
        Reopening.objects.create(
            read=first,
            by=reader.user if by_reader else coordinator,
            by_reader=by_reader,
            reason="=Wrong side.",
            at=OPENED,
            answered_at=OPENED + timedelta(minutes=1),
        )
    _add_conditions(first)
    _add_training(study, reader)
    LeakOracleRun.objects.create(
        study=study,
        at=OPENED,
        reads=72,
        draws=999,
        confidence=0.99,
        p=0.43,
        findings=[
            {
                "target": "arm",
                "family": "lengths",
                "auc": 0.51,
                "by_design": 0.5,
                "low": 0.44,
                "high": 0.58,
                "leaks": False,
            }
        ],
    )


def _add_conditions(read: Read) -> None:
    for device, passed in (("d" * 64, False), ("d" * 64, True), ("e" * 64, True)):
        ViewingCheck.objects.create(
            session=read.session,
            dark_number="42",
            bright_number="17",
            shown_at=OPENED,
            display="medical" if device[0] == "d" else "laptop",
            room_light="dim",
            screen="2048x1536",
            device=device,
            passed=passed,
            answered_at=OPENED,
        )


def _add_training(study: Study, reader: Membership) -> None:
    case = Case.objects.create(
        cohort=study.cohort, code="T001", patient_digest="T-1", central_slice=30
    )
    item = TrainingItem.objects.create(
        study=study,
        position=1,
        case=case,
        method="reference",
        key={"grade": {"right": 4, "left": 2}},
    )
    Study.objects.filter(pk=study.pk).update(gate="within-one", gate_minimum="0.9")
    study.refresh_from_db()
    for number, left, reached in ((1, 4, 0.5), (2, 1, 1.0)):
        attempt = TrainingAttempt.objects.create(
            reader=reader,
            number=number,
            started_at=OPENED,
            finished_at=OPENED,
            reached=reached,
            passed=reached == 1,
        )
        TrainingRead.objects.create(
            attempt=attempt,
            item=item,
            position=1,
            token=f"training-{number}",
            first_shown_at=OPENED,
            submitted_at=OPENED,
            answers={"grade": {"right": 4, "left": left}},
        )
