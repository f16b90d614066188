"""Findings as a table in words, for documents and for who works on a command line."""

from .findings import Estimate, Findings, Level

HEAD = (
    "level",
    "seeds",
    "PSNR, dB",
    "95 % over cases",
    "95 % over seeds",
    "to the best, dB",
    "within the margin",
)


def markdown(found: Findings) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *map(_cells, found.levels)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def curve(found: Findings) -> str:
    """The fitted curve, or why there is none."""
    fit = found.fit
    if fit.a.value is None:
        return fit.reason
    numbers = f"a {with_interval(fit.a)} dB, b {with_interval(fit.b)} dB"
    told = f"{numbers}, c {with_interval(fit.c)}"
    if fit.a.reason:
        return f"{told}. {fit.a.reason}"
    return (
        f"{told}; twice the greatest level would add {with_interval(fit.twice)} dB, "
        f"unlimited amounts {with_interval(fit.unlimited)} dB"
    )


def with_interval(estimate: Estimate) -> str:
    if estimate.value is None:
        return "–"
    ends = _ends(estimate)
    return f"{_number(estimate.value)} ({ends})" if ends else _number(estimate.value)


def _cells(level: Level) -> tuple[str, ...]:
    best = level.verdict == "best"
    return (
        f"{level.level:g}",
        str(len(level.seeds)),
        with_interval(Estimate(level.by_case.value)),
        _ends(level.by_case) or "–",
        _ends(level.by_seed) or "–",
        "–" if best else with_interval(level.difference),
        {"non-inferior": "yes"}.get(level.verdict, level.verdict),
    )


def _ends(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{_number(estimate.low)} to {_number(estimate.high)}"


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
