"""How often do results of ratings and choices err, where the truth is known?

Simulations for docs/statistics/ (roc, visual-grading, preference, fidelity); their
tests run few replicates. A case's own difficulty is shared by all arms and readers, an
image's by its readers, and readers err by themselves.

python -m tests.stats.question_coverage prints the tables of the documents.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stats.fidelity import arms_compared, fidelity_rates
from stats.fidelity.arms import cochran_q
from stats.multireader import Analysis, ObuchowskiRockette
from stats.outcomes import Interval, NotEstimable
from stats.preference import LEFT, TIE, Choices, bradley_terry
from stats.preference.fitting import design, fit
from stats.ratings import RatingTable
from stats.roc import area, area_difference, mean_area, multireader_areas
from stats.visual_grading import vgc, vgc_bootstrap

Floats = NDArray[np.float64]
Rates = dict[str, float]


def shares(
    replicates: int, seed: int, one: Callable[[np.random.Generator], dict[str, bool]]
) -> Rates:
    """Share of replicates in which each is true; those without one count for none."""
    rng = np.random.default_rng(seed)
    seen: dict[str, list[bool]] = {}
    for _ in range(replicates):
        for name, value in one(rng).items():
            seen.setdefault(name, []).append(value)
    return {name: float(np.mean(values)) for name, values in seen.items()}


def holds(interval: Interval | NotEstimable, truth: float) -> bool:
    """An interval that does not exist holds nothing."""
    return isinstance(interval, Interval) and interval.low <= truth <= interval.high


def below(p: float | NotEstimable, limit: float = 0.05) -> bool:
    """A test that does not exist finds nothing."""
    return not isinstance(p, NotEstimable) and p < limit


def confidences(
    rng: np.random.Generator,
    finding: NDArray[np.bool_],
    apart: Floats,
    cases: int = 1,
) -> Floats:
    """(readers, 2, items) after Roe and Metz: apart (readers, arms), in standard
    deviations, how far cases with the finding lie from those without. Of the variance
    0.3 is the case's, 0.2 the image's, 0.2 reader's with the case, 0.3 chance; with
    several cases a patient, half the case's is the patient's."""
    readers, arms = apart.shape
    n = len(finding)
    own = rng.standard_normal(n)
    shared = np.repeat(rng.standard_normal(-(-n // cases)), cases)[:n]
    case = own if cases == 1 else (own + shared) / np.sqrt(2)
    parts = np.sqrt(0.3) * case + np.sqrt(0.2) * rng.standard_normal((1, arms, n))
    parts = parts + np.sqrt(0.2) * rng.standard_normal((readers, 1, n))
    parts = parts + np.sqrt(0.3) * rng.standard_normal((readers, arms, n))
    found: Floats = parts + apart[:, :, None] * finding
    return found


def roc_rates(
    *,
    replicates: int,
    seed: int,
    patients: int,
    readers: int,
    true_area: float,
    interaction: float = 0.0,
    cases: int = 1,
) -> Rates:
    """Two arms of equal area over all readers; half the cases have the finding.

    interaction: SD by which a reader's distance differs between arms.
    """
    middle = np.sqrt(2) * special.ndtri(true_area)

    def one(rng: np.random.Generator) -> dict[str, bool]:
        apart = middle + 0.2 * rng.standard_normal((readers, 1))
        apart = apart + interaction * rng.standard_normal((readers, 2))
        truth = special.ndtr(apart / np.sqrt(2))  # (readers, arms) of these readers
        finding = np.arange(patients * cases) % 2 == 0
        owners = np.repeat(np.arange(patients), cases)
        table = RatingTable(confidences(rng, finding, apart, cases), owners)
        single = area(table, finding, reader=0, arm=0)
        mean = mean_area(table, finding, arm=0)
        differ = area_difference(table, finding, first=0, second=1)
        pair = area_difference(table, finding, first=0, second=1, readers=[0])
        found = {
            "area": holds(single.interval, truth[0, 0]),
            "area, plain": holds(
                _plain(single.area, single.standard_error), truth[0, 0]
            ),
            "mean": holds(mean.interval, truth[:, 0].mean()),
            "difference": holds(
                differ.interval, truth[:, 0].mean() - truth[:, 1].mean()
            ),
            "one reader's difference": holds(pair.interval, truth[0, 0] - truth[0, 1]),
            "these readers": below(differ.p),
        }
        for errors in ("delong", "jackknife"):
            analysis = multireader_areas(table, finding, errors=errors).analysis
            found[f"other readers, {errors}"] = others_differ(analysis)
        return found

    return shares(replicates, seed, one)


def others_differ(analysis: ObuchowskiRockette | NotEstimable) -> bool:
    if isinstance(analysis, NotEstimable):
        return False
    first = analysis.analyses[0]
    return isinstance(first, Analysis) and first.p < 0.05


def _plain(
    value: float | NotEstimable, error: float | NotEstimable
) -> Interval | NotEstimable:
    if isinstance(value, NotEstimable) or isinstance(error, NotEstimable):
        return value if isinstance(value, NotEstimable) else error
    half = 1.96 * error
    return Interval(value - half, value + half, 0.95, None, "plain")


CUTS = (-1.2, -0.3, 0.4, 1.2)


def qualities(
    rng: np.random.Generator, *, patients: int, readers: int, better: Floats
) -> Floats:
    """(readers, 2, patients) 1 to 5. better: (readers,) how much the second arm is, in
    standard deviations of an image's quality."""
    image = np.sqrt(0.4) * rng.standard_normal((1, 1, patients))
    image = image + np.sqrt(0.3) * rng.standard_normal((1, 2, patients))
    latent = image + np.sqrt(0.3) * rng.standard_normal((readers, 2, patients))
    latent[:, 1] += better[:, None]
    found: Floats = 1.0 + np.digitize(latent, CUTS)
    return found


def vgc_truth(better: float) -> float:
    """Chance of a better rating, ties half, from the shares of each category."""
    first = np.diff(special.ndtr([-np.inf, *CUTS, np.inf]))
    second = np.diff(special.ndtr(np.array([-np.inf, *CUTS, np.inf]) - better))
    higher = second @ (np.cumsum(first) - first)
    return float(higher + second @ first / 2)


def vgc_rates(
    *,
    replicates: int,
    seed: int,
    patients: int,
    readers: int,
    better: float = 0.0,
    interaction: float = 0.0,
) -> Rates:
    """better: of the second arm, for the mean reader; interaction: SD over readers."""

    def one(rng: np.random.Generator) -> dict[str, bool]:
        each = better + interaction * rng.standard_normal(readers)
        truth = np.mean([vgc_truth(value) for value in each])
        ratings = qualities(rng, patients=patients, readers=readers, better=each)
        table = RatingTable(ratings, np.arange(patients))
        (found,) = vgc(table, reference=0, categories=(1, 2, 3, 4, 5))
        drawn = vgc_bootstrap(
            table,
            arm=1,
            reference=0,
            replicates=1000,
            seed=int(rng.integers(2**32)),
        )
        return {
            "BCa": holds(drawn.bca, float(truth)),
            "percentile": holds(drawn.percentile, float(truth)),
            "interval": holds(found.mean.interval, float(truth)),
            "these readers": below(found.mean.p),
            "other readers": below(found.others.p),
            "apart": below(_apart(ratings)),
        }

    return shares(replicates, seed, one)


def _apart(ratings: Floats) -> float:
    """Mann-Whitney of pooled ratings, as if each were of another patient."""
    from scipy import stats

    first, second = ratings[:, 0].ravel(), ratings[:, 1].ravel()
    return float(stats.mannwhitneyu(first, second).pvalue)


def some_choices(
    rng: np.random.Generator,
    *,
    patients: int,
    readers: int,
    abilities: tuple[float, ...],
    spread: float,
    tie: float = 0.5,
    side: float = 0.0,
) -> Choices:
    """All pairs of arms, by all readers. spread: SD by which abilities differ between
    patients; an arm's own in each. Davidson's model within a patient."""
    arms = len(abilities)
    first, second = np.triu_indices(arms, 1)
    pairs = len(first)
    shape = (patients, readers, pairs)
    own = np.array(abilities) + spread * rng.standard_normal((patients, 1, arms))
    turned = rng.integers(0, 2, shape).astype(bool)
    left = np.where(turned, second, first)
    right = np.where(turned, first, second)
    own = np.broadcast_to(own, (patients, readers, arms))
    one = np.take_along_axis(own, left, axis=2)
    other = np.take_along_axis(own, right, axis=2)
    scores = [one + side / 2, other - side / 2, np.log(tie) + (one + other) / 2]
    noisy = np.stack(scores) + rng.gumbel(size=(3, *shape))
    who = np.indices(shape)
    return Choices(
        arms,
        left.ravel(),
        right.ravel(),
        (1 + noisy.argmax(axis=0)).ravel(),
        who[1].ravel(),
        who[0].ravel(),
    )


def preference_rates(
    *,
    replicates: int,
    seed: int,
    patients: int,
    readers: int,
    abilities: tuple[float, ...],
    spread: float,
) -> Rates:
    """Of the odds of the last arm against the first, and of the test of equal arms;
    “apart” takes every answer as of another patient. The truth is that of the fit to
    20,000 patients: over patients who differ the odds are nearer to 1 than in one."""
    setting = {"readers": readers, "abilities": abilities, "spread": spread}
    many = some_choices(np.random.default_rng(seed), patients=20_000, **setting)
    truth = fit(design(many, ties=True, side=False)).estimates
    last = len(abilities) - 2

    def one(rng: np.random.Generator) -> dict[str, bool]:
        choices = some_choices(rng, patients=patients, **setting)
        found = bradley_terry(choices)
        each = np.arange(len(choices.answers))
        apart = bradley_terry(
            Choices(
                choices.arms,
                choices.left,
                choices.right,
                choices.answers,
                choices.readers,
                each,
            )
        )
        place = [(o.first, o.second) for o in found.preferences].index((0, last + 1))
        odds = float(np.exp(-truth[last]))
        return {
            "odds": holds(found.preferences[place].interval, odds),
            "odds, apart": holds(apart.preferences[place].interval, odds),
            "test": below(found.test.p),
            "test, apart": below(apart.test.p),
        }

    return shares(replicates, seed, one)


def changes(
    rng: np.random.Generator, *, patients: int, readers: int, arms: int, often: float
) -> Floats:
    """(readers, arms, patients) 1 (faithful) or 3. Whether an image looks changed is
    shared by its readers (0.4 of the variance) and by a patient's images (0.3)."""
    latent = np.sqrt(0.3) * rng.standard_normal((1, 1, patients))
    latent = latent + np.sqrt(0.4) * rng.standard_normal((1, arms, patients))
    latent = latent + np.sqrt(0.3) * rng.standard_normal((readers, arms, patients))
    found: Floats = np.where(latent < special.ndtri(often), 3.0, 1.0)
    return found


def fidelity_rates_err(
    *, replicates: int, seed: int, patients: int, readers: int, arms: int, often: float
) -> Rates:
    """Equal arms. “Apart” takes every rating as of another patient."""

    def one(rng: np.random.Generator) -> dict[str, bool]:
        ratings = changes(
            rng, patients=patients, readers=readers, arms=arms, often=often
        )
        table = RatingTable(ratings, np.arange(patients))
        compared = arms_compared(table, faithful=1)
        rates = fidelity_rates(table, arm=0, categories=(1, 3), faithful=1)
        blocks = np.moveaxis(ratings != 1, 1, -1).reshape(-1, arms).astype(float)
        return {
            "clustered": holds(rates.changed.clustered, often),
            "wilson": holds(rates.changed.wilson, often),
            "q": below(compared.q.p),
            "q, apart": below(cochran_q(blocks).p),
            "pair": below(compared.pairs[0].p),
            "difference": holds(compared.pairs[0].interval, 0.0),
        }

    return shares(replicates, seed, one)


def lean(choices: Choices) -> float:
    """Share of left among the answers that are not ties."""
    decided = choices.answers != TIE
    return float((choices.answers[decided] == LEFT).mean())


def main() -> None:
    many = {"replicates": 2_000, "seed": 1}
    for patients, readers, truth, interaction, cases in (
        (50, 3, 0.8, 0.0, 1),
        (50, 3, 0.93, 0.0, 1),
        (100, 5, 0.8, 0.0, 1),
        (50, 3, 0.8, 0.0, 2),
        (50, 5, 0.8, 0.4, 1),
        (100, 5, 0.8, 0.4, 1),
    ):
        setting = {"patients": patients, "readers": readers, "true_area": truth}
        setting |= {"interaction": interaction, "cases": cases}
        print("roc", setting, roc_rates(**many, **setting), flush=True)
    for patients, readers, better, interaction in (
        (10, 3, 0.0, 0.0),
        (20, 3, 0.0, 0.0),
        (50, 3, 0.0, 0.0),
        (20, 3, 0.8, 0.0),
        (50, 3, 0.8, 0.0),
        (20, 3, 1.6, 0.0),
        (50, 3, 1.6, 0.0),
        (50, 3, 0.0, 0.3),
        (50, 6, 0.0, 0.3),
    ):
        setting = {"patients": patients, "readers": readers, "better": better}
        setting |= {"interaction": interaction}
        print("vgc", setting, vgc_rates(**many, **setting), flush=True)
    for patients, readers, abilities, spread in (
        (20, 3, (0.0, 0.0, 0.0), 1.0),
        (50, 3, (0.0, 0.0, 0.0), 1.0),
        (50, 3, (0.0, 0.0, 0.0), 0.0),
        (50, 3, (0.0, 0.5, 1.0), 1.0),
        (20, 3, (0.0, 0.5, 1.0), 1.0),
        (50, 1, (0.0, 0.3, 0.6, 0.9, 1.2), 0.5),
    ):
        setting = {"patients": patients, "readers": readers, "abilities": abilities}
        setting |= {"spread": spread}
        print("preference", setting, preference_rates(**many, **setting), flush=True)
    for patients, readers, arms, often in (
        (20, 3, 3, 0.3),
        (50, 3, 3, 0.3),
        (50, 3, 3, 0.1),
        (20, 3, 2, 0.1),
        (50, 3, 7, 0.2),
        (50, 1, 3, 0.2),
    ):
        setting = {"patients": patients, "readers": readers, "arms": arms}
        setting |= {"often": often}
        print("fidelity", setting, fidelity_rates_err(**many, **setting), flush=True)


if __name__ == "__main__":
    main()
