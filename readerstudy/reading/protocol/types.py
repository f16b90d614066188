"""What a study's type decides: the type is its cohort's."""

from collections.abc import Iterable

from readerstudy.cases.models import Case, Cohort, Series
from readerstudy.cases.selectors import cases_unreferenced, grid_series
from readerstudy.imaging.study_types import Preset, StudyType, study_type_get

from ..models import Study
from ..questions import OF_REGIONS, Kind

MOST_PIXELS = 8_388_608  # of a stack, as it goes to a reader's browser


def type_of(study: Study) -> StudyType:
    return study_type_get(study.cohort.study_type)


def kinds_of(kind: StudyType) -> frozenset[Kind]:
    """What may be asked of a type's images: sides need regions."""
    return OF_REGIONS if kind.has_regions else frozenset(Kind) - OF_REGIONS


def units_of(cases: Iterable[Case]) -> list[str]:
    """Every unit that the values of some cases have."""
    found = Series.objects.filter(case__in=[case.pk for case in cases])
    return sorted(set(found.values_list("unit", flat=True)))


def blank_study(cohort: Cohort) -> Study:
    """An unsaved draft: every setting as it is where nobody says anything."""
    study, kind = Study(cohort=cohort), study_type_get(cohort.study_type)
    study.question_set = kind.question_sets[0]
    study.window_rule = kind.windows[0]
    study.lut = kind.luts[0]
    if not kind.is_stack:
        return study
    units = units_of(cohort.cases.all())
    unit = units[0] if len(units) == 1 else ""
    study.windows = list(map(window_of, kind.presets.get(unit, ())))
    study.value_low, study.value_high = kind.ranges.get(unit, (None, None))
    return study


def may_lack_reference(cohort: Cohort) -> bool:
    """Whether a study of it may have no arm that is the reference."""
    return cases_unreferenced(cohort.cases.all()).exists()


def reference_proposed(cohort: Cohort, methods: Iterable[str]) -> str:
    """The method that is likely the reference; "" where some case has none."""
    return "" if may_lack_reference(cohort) else next(iter(methods), "")


def window_of(preset: Preset) -> dict[str, str | float]:
    """As a study's `windows` has it."""
    return {
        "key": preset.key,
        "title": preset.title,
        "low": preset.low,
        "high": preset.high,
    }


def frame_of(study: Study, cases: Iterable[Case]) -> list[int]:
    """Slices, rows and columns of which every read of `cases` has as many; none where
    images are not whole stacks."""
    if not type_of(study).is_stack:
        return []
    sizes = grid_series(list(cases)).values_list("slices", "rows", "columns")
    return [max(lengths) for lengths in zip(*sizes, strict=True)]


def case_frame(case_id: int) -> list[int]:
    """The same of one case, whose images are all of one shape; none without a scan."""
    scans = Series.objects.filter(case=case_id).order_by("role")
    return list(scans.values_list("slices", "rows", "columns").first() or ())
