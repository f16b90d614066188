"""The jackknife of several readers' kappas, held to base R."""

import re

import numpy as np
import pytest

from stats.multireader import (
    difference,
    jackknife_covariance,
    jackknife_replicates,
    joint_kappas,
)
from stats.readings import GradeTable

pytestmark = pytest.mark.pure

SCALE = (1, 2, 3, 4)

R_JACKKNIFE = """
patient <- rep(1:10, each = 2)
standard <- c(4,4,3,4,2,3,1,2,4,3,3,3,2,1,4,4,1,1,3,2)
arms <- list(
  a1 = c(4,4,3,4,3,3,1,2,4,4,3,2,2,1,4,4,2,1,3,3),  # first arm, reader 1
  a2 = c(4,3,3,4,2,4,2,2,4,3,4,3,3,1,4,4,1,2,3,2),
  b1 = c(4,4,4,4,3,4,2,3,4,4,3,3,2,2,4,4,2,3,4,2),
  b2 = c(3,4,4,4,2,2,1,4,4,4,4,3,4,1,4,3,3,1,4,3))
kappa <- function(x, y) {
  p <- table(factor(x, 1:4), factor(y, 1:4)) / length(x)
  w <- 1 - outer(1:4, 1:4, "-")^2 / 9
  e <- outer(rowSums(p), colSums(p))
  (sum(w * p) - sum(w * e)) / (1 - sum(w * e))
}
all <- sapply(arms, kappa, x = standard)
left <- t(sapply(1:10, function(g) sapply(arms, function(y)
  kappa(standard[patient != g], y[patient != g]))))
v <- 9 / 10 * crossprod(scale(left, scale = FALSE))
d <- c(1, 1, -1, -1) / 2
print(c(all, sum(d * all), sqrt(d %*% v %*% d), sqrt(v["a1", "a1"])), digits = 10)
print(v["a1", "b2"], digits = 10)
"""


def test_the_jackknife_is_that_of_r() -> None:
    """R 4.2.2 prints for R_JACKKNIFE: 0.89406779661 0.86607142857 0.70454545455
    0.60937500000 0.22310938532 0.03537295487 0.05138322277 and 0.0007631257932."""
    vectors = re.findall(r"c\(((?:\d,)+\d)\)", R_JACKKNIFE)
    numbers = [[int(grade) for grade in one.split(",")] for one in vectors]
    standard, *grades = np.array(numbers) - 1
    table = GradeTable(
        SCALE,
        np.array([[grades[0], grades[2]], [grades[1], grades[3]]]),
        np.array([standard, standard]),
        np.repeat(np.arange(10), 2),
    )
    joint = joint_kappas(table, weighting="quadratic")
    assert [*joint.kappas[0], *joint.kappas[1]] == pytest.approx(
        [0.89406779661, 0.70454545455, 0.86607142857, 0.609375], abs=1e-11
    )
    found = difference(joint, 0, 1)
    assert found.difference == pytest.approx(0.22310938532, abs=1e-11)
    left_out = jackknife_covariance(jackknife_replicates(table, weighting="quadratic"))
    signs = np.array([1, -1, 1, -1]) / 2
    error = np.sqrt(signs @ left_out @ signs)
    assert error == pytest.approx(0.03537295487, abs=1e-11)
    assert np.sqrt(left_out[0, 0]) == pytest.approx(0.05138322277, abs=1e-11)
    assert left_out[0, 3] == pytest.approx(0.0007631257932, abs=1e-12)
    # the delta method's, with as few as ten patients
    assert found.standard_error == pytest.approx(error, rel=0.1)
