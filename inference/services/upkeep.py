"""Files that a killed process left: written, but no row points at them."""

from datetime import timedelta

from django.utils import timezone

from inference.models import Training, Weights
from readerstudy.cases.storage.stored_files import files_in, folder_of

# Longer than anything takes from a file to its row.
UNCLAIMED_FOR = timedelta(days=1)


def files_sweep() -> int:
    """Delete checkpoints and weights that no row points at, a day after they were
    written; how many."""
    deleted = 0
    for model, field_name in ((Training, "checkpoint"), (Weights, "file")):
        storage, folder = folder_of(model, field_name)
        known = set(model._default_manager.values_list(field_name, flat=True))
        for name in files_in(storage, folder):
            if name in known:
                continue
            if timezone.now() - storage.get_modified_time(name) > UNCLAIMED_FOR:
                storage.delete(name)
                deleted += 1
    return deleted
