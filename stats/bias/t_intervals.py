"""Student's t where the degrees of freedom need not be whole. No Django."""

from ..outcomes import Interval


def t_half_width(error: float, *, freedom: float, level: float) -> float:
    """Half of a two-sided interval of `level` with a standard error."""
    from scipy import special

    return float(special.stdtrit(freedom, (1 + level) / 2)) * error


def t_interval(
    estimate: float, error: float, *, freedom: float, level: float, method: str
) -> Interval:
    """estimate ± t · error. freedom: above 0, e.g. Satterthwaite's."""
    half = t_half_width(error, freedom=freedom, level=level)
    return Interval(estimate - half, estimate + half, level, freedom, method)


def t_p(t: float, *, freedom: float) -> float:
    """P(|T| ≥ |t|)."""
    from scipy import special

    return float(2 * special.stdtr(freedom, -abs(t)))
