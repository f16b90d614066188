"""Files that a killed process left: written, but no row points at them."""

from inference.models import Training, Weights
from readerstudy.cases.storage.stored_files import unclaimed_files_delete


def files_sweep() -> int:
    """Delete checkpoints and weights that no row points at, a day after they were
    written; how many."""
    return unclaimed_files_delete((Training, "checkpoint"), (Weights, "file"))
