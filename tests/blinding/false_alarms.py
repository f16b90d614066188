"""How often the leak oracle alarms where nothing leaks; docs/blinding.md quotes it.

    python -m tests.blinding.false_alarms CASES SESSIONS STUDIES

Studies are simulated without a server: 4 arms, one of them repeated, 3 readers;
random tokens, times that drift slowly, and lengths that depend on “n of N” alone.
Every study has its own plan; those to compare with come from one pool.
"""

import hashlib
import sys
from itertools import cycle

import numpy as np

from readerstudy.blinding.schedule import PlannedArm, PlannedRead, build_schedule
from readerstudy.blinding.seeds import new_seed
from readerstudy.blinding.tokens import new_token
from readerstudy.reading.leaks import judging
from readerstudy.reading.leaks.playing import Seen

Plan = dict[str, list[PlannedRead]]
POOL, DRAWS, PAIRS = 1000, 199, 600


def draw(cases: int, sessions: int, seed: str) -> Plan:
    return build_schedule(
        cases=[f"C{number}" for number in range(cases)],
        arms=[PlannedArm(f"arm-{number}", number == 2) for number in range(4)],
        readers=["A", "B", "C"],
        sessions=sessions,
        spacing=1,
        seed=seed,
    )


def see(plan: Plan, rng: np.random.Generator) -> list[Seen]:
    """What readers of `plan` see, of which nothing depends on its cases and arms."""
    seen = []
    for reader, reads in plan.items():
        drift = 0.0
        for read in reads:
            session = [one for one in reads if one.session == read.session]
            number = read.position - session[0].position + 1
            drift = 0.95 * drift + 0.1 * rng.normal()
            first, second = np.exp(drift + 0.3 * rng.normal(size=2))
            values = {
                "lengths/page": 3849.0 + (number > 9),
                "page/announcement": str(number == 1),
                "times/page": float(first),
                "times/pixels": float(second),
            }
            place = (read.position, read.session, number, len(session))
            seen.append(Seen(reader, *place, token=new_token(), values=values))
    return seen


def p_values(cases: int, sessions: int, studies: int) -> np.ndarray:
    """The p of each study; uniform if the oracle is calibrated."""
    judging.MOST_PAIRS = PAIRS  # for speed
    pool = [
        draw(cases, sessions, hashlib.sha256(f"pool {index}".encode()).hexdigest())
        for index in range(POOL)
    ]
    found = []
    for index in range(studies):
        rng = np.random.default_rng(index)
        plan = draw(cases, sessions, new_seed())
        chosen = cycle(rng.permutation(POOL))
        judgement = judging.judge(
            see(plan, rng),
            plan,
            redraw=lambda seed, chosen=chosen: pool[next(chosen)],
            draws=DRAWS,
        )
        found.append(judgement.p)
    return np.array(found)


if __name__ == "__main__":
    found = p_values(*map(int, sys.argv[1:4]))
    for level in (0.01, 0.05, 0.1, 0.5):
        alarms = int((found <= level + 1e-9).sum())
        print(f"alarms at {level:.0%}: {alarms} of {len(found)}")
