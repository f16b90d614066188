"""Files that a killed process left: written, but no row points at them."""

from django.db.models import Model

from inference.exports import exports_sweep
from inference.models import StabilityRun, Training, Weights
from readerstudy.cases.models import StabilityCase
from readerstudy.cases.storage.stored_files import unclaimed_files_delete


def files_sweep() -> int:
    """Delete checkpoints, weights, exports of them and maps of stability that no row
    points at, a day after they were written; how many.

    Of maps no row tells before a run of the suite ends, which on large stacks may be
    days: while any is under way, all of them stay.
    """
    known = set(Weights.objects.values_list("sha256", flat=True))
    fields: list[tuple[type[Model], str]] = [
        (Training, "checkpoint"),
        (Weights, "file"),
    ]
    if not StabilityRun.objects.filter(state__in=StabilityRun.ACTIVE).exists():
        fields.append((StabilityCase, "maps"))
    return exports_sweep(known) + unclaimed_files_delete(*fields)
