"""Does what was seen tell the arm, or a case seen before?

A classifier is trained on some sessions and asked about others; its area under
the ROC curve (AUC) is compared with the AUCs that it reaches when the *same*
observations are given to plans drawn anew from the same protocol. Were nothing
to tell the plan, the true plan would be one more of them: the comparison is exact
whatever the design allows to be guessed. docs/blinding.md says more.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readerstudy.blinding.schedule import PlannedRead
from readerstudy.imaging.errors import Refused

from .features import Matrix, Pairs, pair_features, read_features
from .playing import Seen

Plan = Mapping[str, Sequence[PlannedRead]]  # reader's code → reads in order
Labels = NDArray[np.int16]  # (plans, reads); plan 0 is the true one
ARM, SAME_CASE, SAME_ARM = "the arm", "same case", "same arm"

FOLDS = 10
RIDGE = 0.1  # of the number of features: the classifier's penalty
MOST_PAIRS = 20_000
TRIES = 20  # draws for each plan, until the lengths of sessions fit
CHUNK = 4_000_000  # numbers held at once


@dataclass(frozen=True)
class Finding:
    """How well one family of observations tells one thing."""

    target: str
    family: str
    auc: float  # 0.5: nothing
    by_design: float  # mean AUC of plans drawn anew
    low: float  # simultaneous interval of the AUC beyond the design, around 0.5
    high: float
    z: float  # (auc − by_design) / SD of the plans drawn anew
    leaks: bool


@dataclass(frozen=True)
class Judgement:
    findings: tuple[Finding, ...]
    constant: tuple[str, ...]  # families in which nothing varies at all
    p: float  # of the largest |z|, over all findings
    confidence: float
    draws: int

    @property
    def leaks(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.leaks)


@dataclass(frozen=True)
class _Task:
    """One thing to guess: features by family, classes by plan, groups by row."""

    target: str
    features: dict[str, Matrix]
    classes: NDArray[np.int16]  # (plans, rows)
    groups: NDArray[np.intp]  # (rows,)


def judge(
    seen: Sequence[Seen],
    plan: Plan,
    *,
    redraw: Callable[[str], Plan],
    draws: int = 999,
    confidence: float = 0.99,
    seed: int = 0,
) -> Judgement:
    """Compare what was seen with `plan` and with `draws` plans drawn anew.

    redraw: seed of 64 hexadecimal digits → a plan of the same protocol.
    confidence: that no finding leaks where nothing tells the plan, over all
    findings together; draws must be at least 1 / (1 − confidence).
    """
    refuse_too_few(draws, confidence)
    plans = [plan, *_plans_anew(plan, redraw, draws, seed)]
    tasks = list(_tasks(seen, plans, np.random.default_rng(seed)))
    measured: dict[tuple[str, str], Matrix] = {}
    constant = set(read_features(seen)) - {"everything"}
    for task in tasks:
        for family, matrix in task.features.items():
            if matrix.shape[1]:
                constant.discard(family)
                measured[task.target, family] = _aucs(matrix, task)
    return _compare(measured, tuple(sorted(constant)), confidence, draws)


def refuse_too_few(draws: int, confidence: float) -> None:
    """Unless a quantile of `confidence` exists among `draws` plans and the true one."""
    if not 0 < confidence < 1:
        raise Refused(f"The confidence must lie between 0 and 1, not be {confidence}.")
    if draws + 1 < round(1 / (1 - confidence)):
        raise Refused(f"{draws} plans are too few for {confidence:.2%}.")


def _plans_anew(
    plan: Plan, redraw: Callable[[str], Plan], draws: int, seed: int
) -> list[Plan]:
    """Plans in which every reader's sessions are as long as in `plan`.

    What is seen shows how long sessions are, so plans must agree in that to be
    comparable. A reader's plan does not depend on the others', so each reader's
    may come from another draw. Where lengths hardly ever recur, any will do.
    """
    wanted = {reader: _session_sizes(reads) for reader, reads in plan.items()}
    kept: dict[str, list[Sequence[PlannedRead]]] = {reader: [] for reader in plan}
    spare: dict[str, list[Sequence[PlannedRead]]] = {reader: [] for reader in plan}
    for index in range(TRIES * draws):
        drawn = redraw(_hex(seed, index))
        if {r: len(reads) for r, reads in drawn.items()} != {
            r: len(reads) for r, reads in plan.items()
        }:
            raise Refused(
                "The stored plan is not of its protocol; see verify_schedule."
            )
        for reader, reads in drawn.items():
            fits = _session_sizes(reads) == wanted[reader]
            (kept if fits else spare)[reader].append(reads)
        if min(map(len, kept.values())) >= draws:
            break
    usable = {reader: kept[reader] + spare[reader] for reader in plan}
    return [{r: usable[r][index] for r in usable} for index in range(draws)]


def _session_sizes(reads: Sequence[PlannedRead]) -> Counter[int]:
    return Counter(read.session for read in reads)


def _hex(seed: int, index: int) -> str:
    return hashlib.sha256(f"leak oracle {seed} {index}".encode()).hexdigest()


def _compare(
    measured: dict[tuple[str, str], Matrix],
    constant: tuple[str, ...],
    confidence: float,
    draws: int,
) -> Judgement:
    """Hold the true plan's AUCs to those of all plans, all families at once."""
    if not measured:
        return Judgement((), constant, 1.0, confidence, draws)
    aucs = np.array(list(measured.values()))  # (findings, plans)
    centre = aucs.mean(axis=1, keepdims=True)
    spread = np.maximum(aucs.std(axis=1, keepdims=True), 1e-12)
    z = (aucs - centre) / spread
    largest = np.abs(z).max(axis=0)
    rank = int(np.ceil(confidence * (draws + 1)))
    critical = float(np.sort(largest)[rank - 1])
    findings = []
    for index, (target, family) in enumerate(measured):
        beyond = float(aucs[index, 0] - centre[index, 0])
        reach = critical * float(spread[index, 0])
        findings.append(
            Finding(
                target=target,
                family=family,
                auc=float(aucs[index, 0]),
                by_design=float(centre[index, 0]),
                low=0.5 + beyond - reach,
                high=0.5 + beyond + reach,
                z=float(z[index, 0]),
                leaks=bool(abs(z[index, 0]) > critical),
            )
        )
    p = float(np.mean(largest >= largest[0]))
    return Judgement(tuple(findings), constant, p, confidence, draws)


def _tasks(
    seen: Sequence[Seen], plans: Sequence[Plan], rng: np.random.Generator
) -> Iterator[_Task]:
    arms, cases = _labels(seen, plans)
    sittings = np.unique(
        [f"{one.reader} {one.session}" for one in seen], return_inverse=True
    )[1]
    if len(np.unique(sittings)) < 2:
        raise Refused("One session of one reader is too little to judge.")
    if len(np.unique(arms[0])) > 1:
        yield _Task(ARM, read_features(seen), arms, sittings)
    across = _pairs(seen, sittings, rng, across=True)
    anywhere = _pairs(seen, sittings, rng, across=False)
    for target, labels, pairs in (
        (SAME_CASE, cases, across if len(across) else anywhere),
        (SAME_ARM, arms, anywhere),
    ):
        equal = labels[:, pairs[:, 0]] == labels[:, pairs[:, 1]]
        if 0 < equal[0].sum() < len(pairs):
            features = pair_features(seen, pairs)
            groups = sittings[pairs[:, 1]]
            yield _Task(target, features, equal.astype(np.int16), groups)


def _labels(seen: Sequence[Seen], plans: Sequence[Plan]) -> tuple[Labels, Labels]:
    """The arm and the case of every read that was seen, in every plan."""
    places = [(one.reader, one.position - 1) for one in seen]
    read = [one for plan in plans for reads in plan.values() for one in reads]
    # of a pair, which arm is on the left is another class than which is on the right
    arms = {arm: i for i, arm in enumerate(sorted({one.arm for one in read}))}
    cases = {case: i for i, case in enumerate(sorted({one.case for one in read}))}
    in_order = [[plan[reader][place] for reader, place in places] for plan in plans]
    return (
        np.array([[arms[read.arm] for read in reads] for reads in in_order], np.int16),
        np.array(
            [[cases[read.case] for read in reads] for reads in in_order], np.int16
        ),
    )


def _pairs(
    seen: Sequence[Seen],
    sittings: NDArray[np.intp],
    rng: np.random.Generator,
    *,
    across: bool,
) -> Pairs:
    """Two reads of one reader, earlier first; `across`: of different sessions."""
    by_reader: dict[str, list[int]] = {}
    for index, one in enumerate(seen):
        by_reader.setdefault(one.reader, []).append(index)
    pairs = np.vstack([_own_pairs(np.array(own), rng) for own in by_reader.values()])
    if across:
        pairs = pairs[sittings[pairs[:, 0]] != sittings[pairs[:, 1]]]
    if len(pairs) > MOST_PAIRS:
        pairs = pairs[np.sort(rng.choice(len(pairs), MOST_PAIRS, replace=False))]
    return pairs


def _own_pairs(own: NDArray[np.intp], rng: np.random.Generator) -> Pairs:
    """All pairs of a reader's reads, or plenty of them where they are too many."""
    count = len(own)
    if count * (count - 1) // 2 <= 10 * MOST_PAIRS:
        return np.column_stack([own[side] for side in np.triu_indices(count, 1)])
    drawn = np.sort(rng.integers(0, count, (4 * MOST_PAIRS, 2)), axis=1)
    drawn = np.unique(drawn[drawn[:, 0] < drawn[:, 1]], axis=0)
    return np.asarray(own[drawn], np.intp)


def _aucs(matrix: Matrix, task: _Task) -> Matrix:
    """The AUC of every plan: mean over the classes, each against the rest.

    Predictions are those of ridge regression on the class's indicator, trained on
    the other folds; whole sessions of a reader are left out together. Features do
    not depend on the plan, so one inversion a fold serves all plans.
    """
    folds = np.unique(task.groups, return_inverse=True)[1] % FOLDS
    values = range(int(task.classes.max()) + 1) if task.target == ARM else (1,)
    parts = [
        (folds == fold, folds != fold, _inverse(matrix[folds != fold]))
        for fold in np.unique(folds)
    ]
    step = max(1, CHUNK // len(matrix))
    result = np.zeros(len(task.classes))
    for start in range(0, len(task.classes), step):
        part = task.classes[start : start + step]
        for value in values:
            truth = (part == value).astype(np.float64)  # (plans, rows)
            guess = np.empty_like(truth)
            for held_out, kept, inverse in parts:
                known = truth[:, kept]
                centred = known - known.mean(axis=1, keepdims=True)
                coefficients = centred @ matrix[kept] @ inverse  # (plans, features)
                guess[:, held_out] = coefficients @ matrix[held_out].T
            result[start : start + step] += area(guess, truth) / len(values)
    return result


def _inverse(matrix: Matrix) -> Matrix:
    """(features, features): times matrix.T and labels, ridge's coefficients."""
    penalty = max(1.0, RIDGE * matrix.shape[1]) * np.eye(matrix.shape[1])
    return np.asarray(np.linalg.inv(matrix.T @ matrix + penalty))


def area(guess: Matrix, truth: Matrix) -> Matrix:
    """Area under the ROC curve of each row; 0.5 where a class is missing.

    guess, truth: (rows, objects), truth 0 or 1; ties count half (Mann–Whitney).
    """
    # equal features must tie, whatever the last bits of a matrix product say
    guess = np.round(guess, 9)
    result = np.full(len(guess), 0.5)
    for index, (row, positive) in enumerate(zip(guess, truth > 0.5, strict=True)):
        inside, outside = np.sort(row[positive]), np.sort(row[~positive])
        if len(inside) and len(outside):
            below = np.searchsorted(outside, inside, "left")
            not_above = np.searchsorted(outside, inside, "right")
            pairs = 2 * len(inside) * len(outside)
            result[index] = (below.sum() + not_above.sum()) / pairs
    return result
