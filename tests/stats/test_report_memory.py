"""A report of a million reads fits in memory: what it takes grows with the patients,
and not with their square."""

import re
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from stats.agreement import bootstrap
from stats.bias import ordinal, regression
from stats.comparison import paired
from stats.multireader import covariance, permutation
from stats.readings import GradeTable

several = import_module("stats.agreement.several_readers")  # not its function
READERS, ARMS, GRADES = 6, 3, 4


def table(patients: int, readers: int = READERS) -> GradeTable:
    rng = np.random.default_rng(patients)
    truth = rng.integers(0, GRADES, 2 * patients)
    wrong = rng.random((readers, ARMS + 1, 2 * patients)) < 0.3
    given = np.where(wrong, rng.integers(0, GRADES, wrong.shape), truth)
    return GradeTable(
        categories=(1, 2, 3, 4),
        grades=given[:, 1:],
        standard=given[:, 0],
        patients=np.repeat(np.arange(patients), 2),
    )


def bootstrapped(patients: int) -> Any:
    return bootstrap.bootstrap_kappa(
        table(patients, readers=1), weighting="quadratic", replicates=400
    )


def swapped(patients: int) -> Any:
    return permutation.swap_test(
        table(patients, readers=2), 0, 1, weighting="quadratic", permutations=2000
    )


def left_out(patients: int) -> Any:
    found = covariance.jackknife_replicates(table(patients), weighting="quadratic")
    return found.tolist()


def among_readers(patients: int) -> Any:
    one = table(patients, readers=12)
    return several.several_readers(
        one.grades[:, 0], categories=GRADES, patients=one.patients, names=["light"]
    )


def odds(patients: int) -> Any:
    return ordinal.ordinal_model(table(patients))


def regressed(patients: int) -> Any:
    rng = np.random.default_rng(patients)
    design = np.stack([np.ones(patients), rng.normal(size=patients)], axis=1)
    fit = regression.clustered_fit(
        rng.normal(size=patients), design, np.arange(patients)
    )
    return fit.slopes


def differences(patients: int) -> Any:
    rng = np.random.default_rng(patients)
    return paired.paired_difference(np.round(rng.normal(size=patients), 2))


CALCULATIONS = {
    # bytes a patient more
    bootstrapped: 3_000,
    swapped: 5_000,
    left_out: 5_000,
    among_readers: 12_000,
    odds: 8_000,
    regressed: 3_000,
    differences: 2_000,
}


def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "PIECE", 2**14)
    monkeypatch.setattr(permutation, "PIECE", 2**12)
    monkeypatch.setattr(permutation, "SWAPS", 2**12)
    monkeypatch.setattr(covariance, "PIECE", 2**12)
    monkeypatch.setattr(several, "PIECE", 2**16)
    monkeypatch.setattr(regression, "PIECE", 2**14)
    monkeypatch.setattr(paired, "MOST_SORTED", 50)
    monkeypatch.setattr(paired, "FEW", 2**10)


def highest(act: Callable[[int], Any], patients: int) -> int:
    tracemalloc.start()
    try:
        act(patients)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("act", "most"), CALCULATIONS.items(), ids=[act.__name__ for act in CALCULATIONS]
)
def test_twice_the_patients_take_no_more_memory_each(
    act: Callable[[int], Any], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_small_pieces(monkeypatch)
    monkeypatch.setattr(ordinal, "MOST_GRADES", 1000)
    act(60)  # imports and the like
    few, many = highest(act, 800), highest(act, 1600)
    assert (many - few) / 800 < most


@pytest.mark.parametrize("act", [*CALCULATIONS], ids=lambda act: act.__name__)
def test_in_pieces_or_at_once_the_numbers_are_the_same(
    act: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = str(act(211))
    in_small_pieces(monkeypatch)
    assert numbers(str(act(211))) == pytest.approx(numbers(whole), rel=1e-11)


def numbers(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]
