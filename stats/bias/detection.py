"""Normal or abnormal? Sensitivity and specificity against the standard. No Django.

Sides of a patient, and several readers of one image, are not independent: shares are
ratios of sums over patients, with the variance of such a ratio.

References
----------
Rao JNK, Scott AJ (1992) A simple method for the analysis of clustered binary data.
    Biometrics 48:577-585. doi:10.2307/2532311
Wilson EB (1927) Probable inference, the law of succession, and statistical inference. J
    Am Stat Assoc 22:209-212. doi:10.1080/01621459.1927.10502953
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..outcomes import ROUNDING, Interval, NotEstimable, Reason, normal_quantile
from ..readings import MISSING, GradeTable, Integers
from .blinding_index import CLUSTERED_METHOD, clipped_interval
from .t_intervals import t_half_width, t_p

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LOGIT_METHOD = "ratio of sums over patients, t on the logit scale"
WILSON_METHOD = "Wilson"
WILSON_PATIENTS_METHOD = "Wilson with patients for items, as none or all are right"


@dataclass(frozen=True)
class Share:
    """right of items: a proportion with its interval. patients: whose items they are.

    standard_error: clustered by patient, on the scale of the share.
    """

    right: int
    items: int
    patients: int
    share: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable


@dataclass(frozen=True)
class ShareDifference:
    """Arm minus control, of the same items in both."""

    items: int
    patients: int
    difference: float | NotEstimable
    interval: Interval | NotEstimable
    p: float | NotEstimable


@dataclass(frozen=True)
class Detection:
    """sensitivity: of sides abnormal in the standard those graded abnormal;
    specificity: of normal ones those graded normal; accuracy: of all those graded as
    the standard is, normal or abnormal."""

    sensitivity: Share
    specificity: Share
    accuracy: Share


@dataclass(frozen=True)
class DetectionDifference:
    sensitivity: ShareDifference
    specificity: ShareDifference
    accuracy: ShareDifference


@dataclass(frozen=True)
class ArmDetection:
    """One arm. readers: each alone, in the table's order. against_control: None for the
    control itself and where there is none."""

    overall: Detection
    readers: tuple[Detection, ...]
    against_control: DetectionDifference | None


# Of a standard that is abnormal (row 0) or normal (row 1) which items count.
KINDS: tuple[tuple[str, Reason], ...] = (
    ("sensitivity", Reason.NO_ABNORMAL),
    ("specificity", Reason.NO_NORMAL),
    ("accuracy", Reason.NO_READS),
)


def detections(
    table: GradeTable,
    *,
    normal_from: int,
    control: int | None = None,
    level: float = 0.95,
) -> tuple[ArmDetection, ...]:
    """Every arm of a table against each reader's own standard.

    normal_from: the lowest grade that is normal; all below are abnormal.
    control: the place of the arm that the others are compared with.

    An interval is that of a ratio of sums over patients on the logit scale; Wilson's
    where every item is of another patient; and Wilson's with patients for items where
    all or none are right, which has no variance of its own (wider than if sides were
    independent). Not estimable: no pair; no abnormal (sensitivity) or no normal
    (specificity) side in the standard; the interval with one patient, or where all
    patients contribute the same.

    Raises ValueError where normal_from leaves no grade on one of its sides.
    """
    if normal_from not in table.categories[1:]:
        raise ValueError("normal_from must be a grade above the lowest")
    limit = table.categories.index(normal_from)
    arms = range(table.grades.shape[1])
    counted = [_Counted.of(table, arm, limit) for arm in arms]
    return tuple(
        ArmDetection(
            overall=_detection(counted[arm], level),
            readers=tuple(
                _detection(counted[arm].of_reader(reader), level)
                for reader in range(len(table.grades))
            ),
            against_control=(
                None
                if control is None or arm == control
                else _difference(counted[arm], counted[control], level)
            ),
        )
        for arm in arms
    )


@dataclass(frozen=True)
class _Counted:
    """One arm. present, right, abnormal: (readers, items) a grade in both; graded as
    the standard is; the standard abnormal. patients: (items,)."""

    present: Flags
    right: Flags
    abnormal: Flags
    patients: Integers

    @classmethod
    def of(cls, table: GradeTable, arm: int, limit: int) -> "_Counted":
        grades = table.grades[:, arm]
        abnormal = table.standard < limit
        return cls(
            present=(grades != MISSING) & (table.standard != MISSING),
            right=(grades < limit) == abnormal,
            abnormal=abnormal,
            patients=table.patients,
        )

    def of_reader(self, reader: int) -> "_Counted":
        one = slice(reader, reader + 1)
        return _Counted(
            self.present[one], self.right[one], self.abnormal[one], self.patients
        )

    def asked(self, kind: str) -> Flags:
        """Which items a kind of share is of."""
        if kind == "accuracy":
            return self.present
        of_kind: Flags = self.abnormal == (kind == "sensitivity")
        return self.present & of_kind

    def sums(self, asked: Flags) -> tuple[Floats, Floats]:
        """(patients,) how many of the asked items are right, and how many there are."""
        owners = np.broadcast_to(self.patients, asked.shape)
        length = int(self.patients.max(initial=-1)) + 1
        right = np.bincount(owners[asked & self.right], minlength=length)
        items = np.bincount(owners[asked], minlength=length)
        return right.astype(np.float64), items.astype(np.float64)


def _detection(counted: _Counted, level: float) -> Detection:
    return Detection(
        **{
            kind: share_of(
                *counted.sums(counted.asked(kind)),
                level=level,
                without=why if counted.present.any() else Reason.NO_READS,
            )
            for kind, why in KINDS
        }
    )


def share_of(
    right: Floats,
    items: Floats,
    *,
    level: float = 0.95,
    without: Reason = Reason.NO_READS,
) -> Share:
    """Share of items that are right, from (patients,) sums; see `detections`.

    right: how many of each patient's items are; items: how many there are, 0 for
    patients who have none. without: why there are no items at all.
    """
    kept = items > 0
    y, m = right[kept], items[kept]
    count, hits, patients = int(m.sum()), int(y.sum()), len(m)
    if not patients:
        nothing = NotEstimable(without)
        return Share(0, 0, 0, nothing, nothing, nothing)
    share = hits / count
    counts = (hits, count, patients, share)
    if patients == 1:
        one = NotEstimable(Reason.ONE_PATIENT)
        return Share(*counts, one, one)
    error = _ratio_error([(y, m)])
    if hits in (0, count):
        flat = NotEstimable(Reason.NO_VARIATION)
        single = count == patients
        method = WILSON_METHOD if single else WILSON_PATIENTS_METHOD
        return Share(*counts, flat, wilson(share, patients, level=level, method=method))
    if error < ROUNDING:
        flat = NotEstimable(Reason.NO_VARIATION)
        return Share(*counts, flat, flat)
    if count == patients:
        return Share(*counts, error, wilson(share, patients, level=level))
    return Share(*counts, error, _logit(share, error, patients, level=level))


def _ratio_error(parts: list[tuple[Floats, Floats]]) -> float:
    """Of a ratio of sums, or of the first such ratio minus the second.

    √(G/(G-1) Σ_g (Σ ± (y_g - p m_g) / Σ m)²), the patients of both the same.
    """
    sums = np.zeros(len(parts[0][0]))
    for sign, (y, m) in zip((1, -1), parts, strict=False):
        sums += sign * (y - y.sum() / m.sum() * m) / m.sum()
    groups = len(sums)
    return float(np.sqrt(groups / (groups - 1) * (sums**2).sum()))


def _logit(share: float, error: float, patients: int, *, level: float) -> Interval:
    middle = np.log(share / (1 - share))
    half = t_half_width(
        error / (share * (1 - share)), freedom=patients - 1, level=level
    )
    low, high = (1 / (1 + np.exp(-(middle + sign * half))) for sign in (-1, 1))
    return Interval(float(low), float(high), level, patients - 1, LOGIT_METHOD)


def wilson(
    share: float, n: int, *, level: float = 0.95, method: str = WILSON_METHOD
) -> Interval:
    """Wilson's score interval; R's `prop.test(x, n, correct = FALSE)`."""
    z = normal_quantile(level=level)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = max(0.0, float(middle - half)), min(1.0, float(middle + half))
    return Interval(low, high, level, None, method)


def _difference(arm: _Counted, control: _Counted, level: float) -> DetectionDifference:
    both = arm.present & control.present
    return DetectionDifference(
        **{
            kind: _share_difference(
                arm.sums(arm.asked(kind) & both),
                control.sums(control.asked(kind) & both),
                level=level,
                without=why if both.any() else Reason.NO_READS,
            )
            for kind, why in KINDS
        }
    )


def _share_difference(
    arm: tuple[Floats, Floats],
    control: tuple[Floats, Floats],
    *,
    level: float,
    without: Reason,
) -> ShareDifference:
    """Of the same items of the same patients: there are equally many of them."""
    kept = arm[1] > 0
    y, m, other = arm[0][kept], arm[1][kept], control[0][kept]
    patients = len(m)
    if not patients:
        nothing = NotEstimable(without)
        return ShareDifference(0, 0, nothing, nothing, nothing)
    difference = float((y.sum() - other.sum()) / m.sum())
    counts = (int(m.sum()), patients, difference)
    error = _ratio_error([(y, m), (other, m)]) if patients > 1 else 0.0
    if error < ROUNDING:
        reason = Reason.ONE_PATIENT if patients == 1 else Reason.NO_VARIATION
        return ShareDifference(*counts, NotEstimable(reason), NotEstimable(reason))
    interval = clipped_interval(
        difference,
        error,
        level=level,
        degrees_of_freedom=patients - 1,
        method=CLUSTERED_METHOD,
    )
    p = t_p(difference / error, freedom=patients - 1)
    return ShareDifference(*counts, interval, p)
