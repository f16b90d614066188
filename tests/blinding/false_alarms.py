"""How often the leak oracle alarms where nothing leaks; docs/blinding.md quotes it.

    python -m tests.blinding.false_alarms CASES SESSIONS STUDIES [loaded]

Studies are simulated without a server: 4 arms, one of them repeated, 3 readers;
random tokens, times that drift slowly, lengths that depend on “n of N” alone, and a
guess asked after a fifth of the reads. `loaded`: the machine has other work now and
then, for a minute or an hour, and answers 2 to 1000 times later meanwhile.
Every study has its own plan; those to compare with come from one pool.
"""

import hashlib
import sys
from itertools import cycle

import numpy as np

from readerstudy.blinding.sampling import sample_positions
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


def see(plan: Plan, rng: np.random.Generator, loaded: bool) -> list[Seen]:
    """What readers of `plan` see, of which nothing depends on its cases and arms."""
    seen = []
    for reader, reads in plan.items():
        asked = sample_positions(
            seed=new_seed(), reader=reader, reads=len(reads), percent=20
        )
        drift, load = 0.0, 1.0
        for read in reads:
            session = [one for one in reads if one.session == read.session]
            number = read.position - session[0].position + 1
            drift = 0.95 * drift + 0.1 * rng.normal()
            load = other_work(load, rng) if loaded else 1.0
            first, second = load * np.exp(drift + 0.3 * rng.normal(size=2))
            values = {
                "lengths/page": 3849.0 + (number > 9),
                "page/announcement": str(number == 1),
                "times/page": float(first),
                "times/pixels": float(second),
                "order/asked": float(read.position in asked),
            }
            place = (read.position, read.session, number, len(session))
            seen.append(Seen(reader, *place, token=new_token(), values=values))
    return seen


def other_work(load: float, rng: np.random.Generator) -> float:
    """How much later everything is answered, given how much it was at the last read.

    Busy spells last 20 reads in the mean and are as long apart; within one the delay
    is Pareto distributed, with neither mean nor variance.
    """
    is_busy = (load > 1) ^ (rng.random() < 0.05)
    return 2 + min(1000.0, float(rng.pareto(0.8))) if is_busy else 1.0


def p_values(cases: int, sessions: int, studies: int, loaded: bool) -> np.ndarray:
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
            see(plan, rng, loaded),
            plan,
            redraw=lambda seed, chosen=chosen: pool[next(chosen)],
            draws=DRAWS,
        )
        found.append(judgement.p)
    return np.array(found)


if __name__ == "__main__":
    found = p_values(*map(int, sys.argv[1:4]), loaded="loaded" in sys.argv[4:])
    for level in (0.01, 0.05, 0.1, 0.5):
        alarms = int((found <= level + 1e-9).sum())
        print(f"alarms at {level:.0%}: {alarms} of {len(found)}")
