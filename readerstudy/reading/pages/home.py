"""What a reader's home is given: one's own studies, those with work for now first."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..atlas import load_atlas
from ..selectors.room import Awaited, ReadingState

DUE: frozenset[Awaited] = frozenset(
    {"reopened", "guess", "review", "reading", "training", "session"}
)


@dataclass(frozen=True)
class HomeStudy:
    state: ReadingState
    is_due: bool  # something can be done now
    is_first: bool  # Enter goes there
    has_examples: bool  # of the grades it asks for


def home_studies(states: Sequence[ReadingState]) -> list[HomeStudy]:
    """Those that wait for their reader come first, else in the order given."""
    ordered = sorted(states, key=lambda state: state.awaits not in DUE)
    return [
        HomeStudy(
            state=state,
            is_due=(due := state.awaits in DUE),
            is_first=due and not n,
            has_examples=state.is_open and load_atlas(state.question_set) is not None,
        )
        for n, state in enumerate(ordered)
    ]
