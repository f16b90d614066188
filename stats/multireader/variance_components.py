"""What the analysis of Obuchowski and Rockette is made of. No Django."""

from dataclasses import dataclass

import numpy as np

from .covariance import Booleans, Floats


@dataclass(frozen=True)
class ErrorCovariances:
    """Of one figure's error with itself and others', as estimated; may be negative.

    variance, cov1, cov2, cov3: over all readers and arms. of_arm: (variance, cov2)
    within each arm alone.
    """

    variance: float
    cov1: float
    cov2: float
    cov3: float
    of_arm: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class MeanSquares:
    """Of the arms × readers analysis of variance of the figures.

    readers_within: mean square of readers in each arm alone.
    """

    arms: float
    readers: float
    interaction: float
    readers_within: tuple[float, ...]


def error_covariances(covariance: Floats) -> ErrorCovariances:
    """covariance: (readers, arms, readers, arms) of the figures' errors."""
    readers, arms = covariance.shape[:2]
    same_reader = np.eye(readers, dtype=np.bool_)[:, None, :, None]
    same_arm = np.eye(arms, dtype=np.bool_)[None, :, None, :]

    def mean(where: Booleans) -> float:
        return float(covariance[np.broadcast_to(where, covariance.shape)].mean())

    each = [covariance[:, arm, :, arm] for arm in range(arms)]
    others = ~np.eye(readers, dtype=np.bool_)
    return ErrorCovariances(
        variance=mean(same_reader & same_arm),
        cov1=mean(same_reader & ~same_arm),
        cov2=mean(~same_reader & same_arm),
        cov3=mean(~same_reader & ~same_arm),
        of_arm=tuple(
            (float(np.diag(one).mean()), float(one[others].mean())) for one in each
        ),
    )


def mean_squares(figures: Floats) -> MeanSquares:
    """figures: (readers, arms)."""
    readers, arms = figures.shape
    by_reader, by_arm = figures.mean(axis=1), figures.mean(axis=0)
    rest = figures - by_reader[:, None] - by_arm[None, :] + figures.mean()
    return MeanSquares(
        arms=float(readers * by_arm.var(ddof=1)),
        readers=float(arms * by_reader.var(ddof=1)),
        interaction=float((rest**2).sum() / ((readers - 1) * (arms - 1))),
        readers_within=tuple(float(one) for one in figures.var(axis=0, ddof=1)),
    )
