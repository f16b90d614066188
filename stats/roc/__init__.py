"""How well do ratings tell cases with a finding from those without? No Django.

Tables are `ratings.RatingTable`; `finding` is (items,) whether the case has it.

area, mean_area      area under the empirical curve, of a reader and mean over readers
area_difference      two arms on the same cases (DeLong; clustered by patient)
multireader_areas    for readers beyond these (Obuchowski, Rockette, Hillis)
roc_curve, mean_curve  the curves
at_cut               sensitivity and specificity of ratings of at least a cut
"""

from .areas import Area, AreaDifference, area, area_difference, mean_area
from .curves import AtCut, RocCurve, at_cut, mean_curve, roc_curve
from .multireader import MultireaderAreas, multireader_areas

__all__ = [
    "Area",
    "AreaDifference",
    "AtCut",
    "MultireaderAreas",
    "RocCurve",
    "area",
    "area_difference",
    "at_cut",
    "mean_area",
    "mean_curve",
    "multireader_areas",
    "roc_curve",
]
