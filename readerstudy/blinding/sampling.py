"""Which of a reader's reads are asked about afterwards."""

from .streams import Stream


def sample_positions(
    *, seed: str, reader: str, reads: int, percent: int
) -> frozenset[int]:
    """Positions, from 1, of a simple random sample of a reader's reads.

    As many as `percent` (1 to 100) of `reads`, rounded up. The draw knows neither
    arms nor cases, so being asked tells nothing of them.
    """
    if not 1 <= percent <= 100:
        raise ValueError(f"percent must be in 1 … 100, not {percent}")
    wanted = -(-reads * percent // 100)
    order = Stream(seed, f"arm guesses/{reader}").permutation(reads)
    return frozenset(index + 1 for index in order[:wanted])
