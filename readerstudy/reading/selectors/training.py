"""What pages and other apps may read of training. Tells neither case nor method."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Literal

from django.contrib.auth.models import User
from django.db.models import Count, Prefetch
from django.utils.translation import gettext as _

from ..images import image_pixels
from ..models import Membership, Session, Study, TrainingAttempt, TrainingRead
from ..questions import SIDES, Question, Words, question_set_of

HUNDREDTH, THOUSANDTH = Decimal("0.01"), Decimal("0.001")


@dataclass(frozen=True)
class TrainingState:
    """Training as its reader sees it now.

    `none`: there is none, or not now. `offered`: without being asked for.
    `required`: the gate comes before the first session. `passed`: it was passed;
    training again changes nothing of that.
    """

    state: Literal["none", "offered", "required", "passed"] = "none"
    images: int = 0
    attempts: int = 0  # finished ones
    is_begun: bool = False  # an attempt waits to be gone on with

    @property
    def is_required(self) -> bool:
        return self.state == "required"


def training_hindrance(reader: Membership) -> str:
    """Why the reader cannot train now, in words for the reader; empty: can."""
    sessions = Session.objects.filter(reader=reader, finished_at__isnull=True)
    in_turn = sessions.order_by("number").first()
    return _hindrance(reader, reader.study.training.count(), in_turn)


def _hindrance(reader: Membership, images: int, in_turn: Session | None) -> str:
    """in_turn: the session that is being read or comes next."""
    if reader.study.state != Study.State.OPEN:
        return _("The study is closed; no answer is taken any more.")
    if reader.simulated:
        return _("This account's reading is simulated.")
    if not images:
        return _("This study has no training.")
    if in_turn is None:
        return _("You have read everything; there is nothing left to train for.")
    if in_turn.started_at:
        return _("Training waits until session %d is finished.") % in_turn.number
    return ""


def training_state(reader: Membership) -> TrainingState:
    return training_states([reader])[reader.pk]


def training_states(readers: Iterable[Membership]) -> dict[int, TrainingState]:
    """By the key of each reader; few queries, however many readers."""
    readers = list(readers)
    images = dict(
        Study.objects.filter(pk__in={reader.study_id for reader in readers})
        .annotate(images=Count("training"))
        .values_list("pk", "images")
    )
    attempts: dict[int, list[TrainingAttempt]] = defaultdict(list)
    for attempt in TrainingAttempt.objects.filter(reader__in=readers):
        attempts[attempt.reader_id].append(attempt)
    in_turn: dict[int, Session] = {}
    unfinished = Session.objects.filter(reader__in=readers, finished_at__isnull=True)
    for session in unfinished.order_by("number"):
        in_turn.setdefault(session.reader_id, session)
    return {
        reader.pk: _state(
            reader, images[reader.study_id], attempts[reader.pk], in_turn.get(reader.pk)
        )
        for reader in readers
    }


def _state(
    reader: Membership,
    images: int,
    attempts: list[TrainingAttempt],
    in_turn: Session | None,
) -> TrainingState:
    if in_turn is None or _hindrance(reader, images, in_turn):
        return TrainingState()
    has_gate = bool(reader.study.gate)
    state: Literal["offered", "required", "passed"] = "offered"
    if has_gate and any(a.passed and a.reached is not None for a in attempts):
        state = "passed"
    elif has_gate and in_turn.number == 1:
        state = "required"
    finished = [attempt for attempt in attempts if attempt.finished_at]
    return TrainingState(
        state=state,
        images=images,
        attempts=len(finished),
        is_begun=len(finished) < len(attempts),
    )


def shown_training_read(*, slug: str, token: str, user: User) -> TrainingRead:
    """The training image that is before `user` now; DoesNotExist for other tokens."""
    return (
        TrainingRead.objects.select_related("item__case", "attempt__reader__study")
        .defer("attempt__reader__study__protocol")
        .get(
            token=token,
            attempt__reader__user=user,
            attempt__reader__role=Membership.Role.READER,
            attempt__reader__simulated=False,
            attempt__reader__study__slug=slug,
            attempt__reader__study__state=Study.State.OPEN,
            first_shown_at__isnull=False,
            submitted_at__isnull=True,
        )
    )


def training_pixels(read: TrainingRead) -> bytes:
    """The three slices; raises ImageUnusableError as image_pixels does."""
    attempt, item = read.attempt, read.item
    reader = attempt.reader
    return image_pixels(
        case=item.case,
        method=item.method,
        sha256=item.image_sha256,
        window=reader.study.window_rule,
        name=f"training read {read.position} of attempt {attempt.number} of reader "
        f"{reader.code} in study {reader.study.slug}",
    )


@dataclass(frozen=True)
class Compared:
    """One answer beside the key's."""

    side: str
    own: int
    key: int
    off: int  # grades between them, 0 = equal


@dataclass(frozen=True)
class ResultRow:
    number: int  # of the image within the attempt
    question: Words
    compared: tuple[Compared, ...]  # in the order of SIDES


@dataclass(frozen=True)
class TrainingResult:
    """What an attempt came to, by the gate that held when it ended."""

    number: int
    rows: tuple[ResultRow, ...]
    measure: str  # of the gate, a value of Study.Gate; empty: no gate
    weights: str  # of kappa, a value of Study.KappaWeights
    minimum: Decimal | None
    reached: Decimal | None  # cut after three places; None: no gate, not estimable
    passed: bool
    offs: Counter[int]  # grades off → answers

    @property
    def answers(self) -> int:
        return self.offs.total()

    @property
    def equal(self) -> int:
        return self.offs[0]

    @property
    def one_off(self) -> int:
        return self.offs[1]

    @property
    def several_questions(self) -> bool:
        return len({row.question for row in self.rows}) > 1

    @property
    def measure_words(self) -> Words:
        return Study.Gate(self.measure).label

    @property
    def weights_words(self) -> Words:
        """Empty where no kappa was asked for."""
        if self.measure != Study.Gate.KAPPA:
            return ""
        return Study.KappaWeights(self.weights).label


def training_result(reader: Membership) -> TrainingResult | None:
    """The reader's last finished attempt."""
    reads = TrainingRead.objects.select_related("item").order_by("position")
    attempt = (
        reader.attempts.filter(finished_at__isnull=False)
        .prefetch_related(Prefetch("reads", reads))
        .order_by("-number")
        .first()
    )
    if attempt is None:
        return None
    assert attempt.finished_at is not None
    protocol = _protocol_at(reader.study, attempt.finished_at)
    gate = protocol["training"]["gate"] or {"measure": "", "minimum": None}
    rows = tuple(
        _row(question, read)
        for read in attempt.reads.all()
        for question in question_set_of(reader.study).questions
    )
    return TrainingResult(
        number=attempt.number,
        rows=rows,
        measure=gate["measure"],
        weights=protocol["analysis"]["weights"],
        minimum=gate["minimum"] and Decimal(gate["minimum"]).quantize(HUNDREDTH),
        reached=shown_number(attempt.reached),
        passed=bool(attempt.passed),
        offs=Counter(one.off for row in rows for one in row.compared),
    )


def _protocol_at(study: Study, when: datetime) -> dict[str, Any]:
    """As it was opened, or as last amended before `when`."""
    amendment = study.amendments.filter(at__lte=when).order_by("number").last()
    protocol = amendment.protocol if amendment else study.protocol
    assert protocol is not None
    return dict(protocol)


def _row(question: Question, read: TrainingRead) -> ResultRow:
    scale = sorted(answer.value for answer in question.answers)
    assert read.answers is not None
    own, key = read.answers[question.key], read.item.key[question.key]
    return ResultRow(
        number=read.position,
        question=question.words,
        compared=tuple(
            Compared(
                side=side,
                own=own[side],
                key=key[side],
                off=abs(scale.index(own[side]) - scale.index(key[side])),
            )
            for side in SIDES
        ),
    )


def shown_number(reached: float | None) -> Decimal | None:
    """Cut, not rounded: what missed the minimum never looks as if it had not."""
    if reached is None:
        return None
    return Decimal(repr(reached)).quantize(THOUSANDTH, ROUND_FLOOR)
