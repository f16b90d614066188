"""From a study's rows to its report."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Arm, Membership, Read, Study
from readerstudy.reading.protocol.frozen import current

from .. import selectors
from .agreement_tables import grade_lines, intra_reader_lines, kappa_lines
from .analysis_plan import AnalysisPlan, analysis_plan, stack_metrics
from .arms import ArmName, arm_name
from .asked import Asked, asked
from .assessability import answers_assessable, assessability_lines
from .bias_section import bias_section
from .blinding_tables import blinding
from .comparison_section import comparison_section
from .conduct import conduct
from .confidence_section import confidence_section
from .examples import examples
from .fidelity_section import fidelity_section
from .images import ImageSet
from .multireader_section import multireader_section
from .preference_section import preference_section
from .primary import PrimaryComparison, primary_comparison
from .quality_tables import quality_tables
from .rating_section import rating_section
from .reading_progress import reading_progress
from .reading_times import time_lines
from .reliability_section import reliability_section
from .remarks_section import remarks_section
from .report import Report
from .several_section import several_section
from .stability_section import stability_section
from .stack_images import StackSet
from .stack_section import stack_section
from .striatum_section import striatum_section
from .study_images import study_images
from .ungraded import no_bias, no_multireader, no_several, no_striatum
from .whole_answers import whole_answers


def report_build(
    *, study: Study, control: str | None = None, slice_wise: bool = False
) -> Report:
    """The report of an unblinded study; Refused before that.

    control: code of the arm that image quality is compared with; by default the
        analysis plan's, or else the arm that every reader reads twice, if there is
        just one.
    slice_wise: take single slices as blocks of the rank tests, as the original
        study did; they are not independent, and the report says so.

    Image quality must have been measured (services.image_quality_measure); images
    without a measurement are named in the report.
    """
    selectors.check_unblinded(study)
    readers = list(selectors.study_readers(study))
    images = study_images(study)
    plan = _plan(study, images)
    control_arm = _control(study, control, plan)
    questions = asked(study)
    grades = selectors.grade_question(study)
    about_grades = _graded if grades else _ungraded
    return Report(
        **_head(study, readers),
        plan=plan,
        control=arm_name(control_arm) if control_arm else None,
        times=time_lines(study, readers),
        progress=reading_progress(study, readers),
        quality=quality_tables(
            images, control_arm, metrics=plan.metrics, slice_wise=slice_wise
        )
        if selectors.is_referenced(study)
        else (),
        unreferenced=_unreferenced(study),
        images_missing=tuple((m.case.code, m.arm.title) for m in images.missing()),
        examples=examples(images, selectors.compared_arms(study)),
        comparison=comparison_section(images, control_arm, metrics=plan.metrics),
        conduct=conduct(study, readers),
        blinding=blinding(study, readers),
        **about_grades(study, plan, readers),
        **_of_images(study, images),
        **_whole(study, questions, plan, readers, graded=bool(grades)),
        stability=stability_section(study),
    )


def _unreferenced(study: Study) -> tuple[ArmName, ...]:
    if selectors.is_referenced(study):
        return ()
    return tuple(map(arm_name, selectors.made_arms(study)))


def _whole(
    study: Study,
    questions: tuple[Asked, ...],
    plan: AnalysisPlan,
    readers: Sequence[Membership],
    *,
    graded: bool,
) -> dict[str, Any]:
    """The sections about whole images; none where one grade alone was asked for."""
    if graded and [one.key for one in questions] == [selectors.QUESTION]:
        return {}
    answers = whole_answers(study, readers)
    found: dict[str, Any] = {}
    if not graded:  # else it is of the sides
        lines = answers_assessable(study, answers.said, readers)
        found["assessability"] = lines
    return {
        **found,
        "asked": questions,
        "ratings": rating_section(questions, answers, plan),
        "preferences": preference_section(questions, answers),
        "confidence": confidence_section(study, questions, answers, plan),
        "fidelity": fidelity_section(questions, answers, plan),
        "reliability": reliability_section(questions, answers, plan),
        "remarks": remarks_section(questions, answers),
    }


def _plan(study: Study, images: ImageSet | StackSet) -> AnalysisPlan:
    metrics = None
    if isinstance(images, StackSet):
        scale = images.scale
        metrics = stack_metrics(scale.low, scale.high, scale.unit)
        metrics = metrics if selectors.is_referenced(study) else {}
    return analysis_plan(current(study), stacks=metrics)


def _head(study: Study, readers: Sequence[Membership]) -> dict[str, Any]:
    """Who read what, and how much of it."""
    reads = Read.objects.filter(session__study=study)
    patients = selectors.patients_by_case(study)
    assert study.unblinded_at is not None
    return {
        "slug": study.slug,
        "title": study.title,
        "study_type": study.cohort.study_type,
        "protocol_sha256": study.protocol_sha256,
        "seed_sha256": study.seed_sha256,
        "unblinded_at": study.unblinded_at,
        "made_at": timezone.now(),
        "readers_simulated": (
            study.simulated_readers or any(r.simulated for r in readers)
        ),
        "images_simulated": study.cohort.simulated,
        "readers": tuple(reader.code for reader in readers),
        "reference": arm_name(selectors.reference_arm(study)),
        "cases": len(patients),
        "patients": len(set(patients.values())),
        "reads_planned": reads.count(),
        "reads_submitted": reads.filter(submitted_at__isnull=False).count(),
        "window": (study.protocol or {}).get("display", {}).get("window", ""),
        "window_adjustable": study.window_adjustable,
    }


def _graded(
    study: Study, plan: AnalysisPlan, readers: Sequence[Membership]
) -> dict[str, Any]:
    """The sections about grades, filled."""
    readings = selectors.readings(study)
    scale = selectors.grade_scale(study)
    question = selectors.grade_question(study)
    assert question is not None
    weighting = plan.weighting
    return {
        "question": question["key"],
        "categories": scale.categories,
        "grade_words": scale.words,
        "primary": primary_comparison(study, plan, readings, readers),
        "kappa": kappa_lines(study, readings, readers, weighting=weighting),
        "intra_reader": intra_reader_lines(
            study, readings, readers, weighting=weighting
        ),
        "grades": grade_lines(study, readings, readers),
        "assessability": assessability_lines(study, readings, readers),
        "several": several_section(study, plan, readings, readers),
        "multireader": multireader_section(study, plan, readings, readers),
        "bias": bias_section(study, plan, readings, readers),
    }


def _ungraded(
    study: Study, plan: AnalysisPlan, readers: Sequence[Membership]
) -> dict[str, Any]:
    """The same, empty."""
    arms = {one.code: arm_name(one) for one in study.arms.all()}
    primary, control = arms.get(plan.primary), arms.get(plan.control)
    return {
        "question": "",
        "categories": (),
        "grade_words": (),
        "primary": PrimaryComparison(primary, control, None),
        "kappa": (),
        "intra_reader": (),
        "grades": (),
        "several": no_several(plan, readers),
        "multireader": no_multireader(plan, readers),
        "bias": no_bias(arm_name(selectors.reference_arm(study))),
    }


def _of_images(study: Study, images: ImageSet | StackSet) -> dict[str, Any]:
    """What depends on the type of the images."""
    if isinstance(images, StackSet):
        return {"striatum": no_striatum(), "stacks": stack_section(images)}
    return {"striatum": striatum_section(study, images)}


def _control(study: Study, code: str | None, plan: AnalysisPlan) -> Arm | None:
    arms = selectors.compared_arms(study)
    if not selectors.is_referenced(study):
        return None  # no image is measured, so none is compared
    if code:
        for arm in arms:
            if arm.code == code:
                return arm
        raise Refused(_("The study has no arm “%(code)s”.") % {"code": code})
    planned = [arm for arm in arms if arm.code == plan.control]
    repeated = [arm for arm in arms if arm.repeated]
    chosen = planned or repeated
    return chosen[0] if len(chosen) == 1 else None
