"""Files that a killed process left: written, but no row points at them."""

from inference.exports import exports_sweep
from inference.models import Training, Weights
from readerstudy.cases.storage.stored_files import unclaimed_files_delete


def files_sweep() -> int:
    """Delete checkpoints, weights and exports of them that no row points at, a day
    after they were written; how many."""
    known = set(Weights.objects.values_list("sha256", flat=True))
    return exports_sweep(known) + unclaimed_files_delete(
        (Training, "checkpoint"), (Weights, "file")
    )
