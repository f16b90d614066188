"""From a study's rows to its report."""

from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Arm, Read, Study
from readerstudy.reading.protocol.frozen import current

from .. import selectors
from .agreement_tables import grade_lines, intra_reader_lines, kappa_lines
from .analysis_plan import AnalysisPlan, analysis_plan
from .arms import arm_name
from .assessability import assessability_lines
from .bias_section import bias_section
from .blinding_tables import blinding
from .comparison_section import comparison_section
from .conduct import conduct
from .examples import examples
from .images import image_set
from .multireader_section import multireader_section
from .primary import primary_comparison
from .quality_tables import quality_tables
from .reading_progress import reading_progress
from .reading_times import time_lines
from .report import Report
from .several_section import several_section
from .striatum_section import striatum_section


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
    readings = selectors.readings(study)
    readers = list(selectors.study_readers(study))
    images = image_set(study)
    reads = Read.objects.filter(session__study=study)
    plan = analysis_plan(current(study))
    control_arm = _control(study, control, plan)
    scale = selectors.grade_scale(study)
    assert study.unblinded_at is not None
    return Report(
        slug=study.slug,
        title=study.title,
        protocol_sha256=study.protocol_sha256,
        seed_sha256=study.seed_sha256,
        unblinded_at=study.unblinded_at,
        made_at=timezone.now(),
        readers_simulated=study.simulated_readers or any(r.simulated for r in readers),
        images_simulated=study.cohort.simulated,
        readers=tuple(reader.code for reader in readers),
        reference=arm_name(selectors.reference_arm(study)),
        cases=len(readings.patients),
        patients=len(set(readings.patients.values())),
        reads_planned=reads.count(),
        reads_submitted=reads.filter(submitted_at__isnull=False).count(),
        question=selectors.QUESTION,
        categories=scale.categories,
        grade_words=scale.words,
        window=(study.protocol or {}).get("display", {}).get("window", ""),
        window_adjustable=study.window_adjustable,
        plan=plan,
        primary=primary_comparison(study, plan, readings, readers),
        control=arm_name(control_arm) if control_arm else None,
        kappa=kappa_lines(study, readings, readers, weighting=plan.weighting),
        intra_reader=intra_reader_lines(
            study, readings, readers, weighting=plan.weighting
        ),
        grades=grade_lines(study, readings, readers),
        assessability=assessability_lines(study, readings, readers),
        times=time_lines(study, readers),
        progress=reading_progress(study, readers),
        quality=quality_tables(
            images, control_arm, metrics=plan.metrics, slice_wise=slice_wise
        ),
        images_missing=tuple((m.case.code, m.arm.title) for m in images.missing()),
        examples=examples(images, selectors.compared_arms(study)),
        comparison=comparison_section(images, control_arm, metrics=plan.metrics),
        several=several_section(study, plan, readings, readers),
        multireader=multireader_section(study, plan, readings, readers),
        bias=bias_section(study, plan, readings, readers),
        striatum=striatum_section(study, images),
        conduct=conduct(study, readers),
        blinding=blinding(study, readers),
    )


def _control(study: Study, code: str | None, plan: AnalysisPlan) -> Arm | None:
    arms = selectors.compared_arms(study)
    if code:
        for arm in arms:
            if arm.code == code:
                return arm
        raise Refused(_("The study has no arm “%(code)s”.") % {"code": code})
    planned = [arm for arm in arms if arm.code == plan.control]
    repeated = [arm for arm in arms if arm.repeated]
    chosen = planned or repeated
    return chosen[0] if len(chosen) == 1 else None
