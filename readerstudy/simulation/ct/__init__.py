"""Simulated CT of the chest at two doses: slices, their projections, DICOM files."""

from .chest import Chest, Nodule, draw_chest, render_chest
from .cohort import write_ct_cohort
from .lowering import write_lowered
from .tomography import Scanner, lower_dose, scan_slices
from .writer import write_series

__all__ = [
    "Chest",
    "Nodule",
    "Scanner",
    "draw_chest",
    "lower_dose",
    "render_chest",
    "scan_slices",
    "write_ct_cohort",
    "write_lowered",
    "write_series",
]
