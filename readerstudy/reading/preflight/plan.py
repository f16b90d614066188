"""What the preflight asks of display, cases, training, arm guesses and analysis."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.blinding.guarantees import reads_per_case
from readerstudy.cases.integrity import damaged_renditions
from readerstudy.cases.models import Case, Rendition
from readerstudy.cases.selectors import patients_of

from ..models import Arm, Membership, Study, TrainingItem, TrainingRead
from ..protocol.frozen import (
    codes_unknown,
    current,
    planned_arms,
    study_cases,
    training_items,
)
from ..protocol.types import type_of
from ..questions import is_asked, question_set_of
from .findings import Finding, named
from .wording import word_that_unblinds

LEAST_PATIENTS = 2  # an interval clustered by patient has patients − 1 degrees
FEW_GUESSES = 10  # of a reader: fewer, and a blinding index says next to nothing


def plan_findings(study: Study, cases: list[Case]) -> list[Finding]:
    """What stands against opening in the settings of `study`, which reads `cases`."""
    items = training_items(study)
    return [
        *_check_display(study),
        *_check_cases(study, cases),
        *_check_training_images(items),
        *_check_training_patients(items, cases),
        *gate_findings(study),
        *analysis_findings(study),
        *_check_statistician(study),
    ]


def _check_display(study: Study) -> Iterator[Finding]:
    kind = type_of(study)
    if study.window_rule not in kind.windows:
        yield Finding(_("Unknown window rule: %s.") % study.window_rule, "study")
    if study.lut not in kind.luts:
        yield Finding(_("Unknown colour table: %s.") % study.lut, "study")
    if study.interpolation not in Study.Interpolation.values:
        yield Finding(_("Unknown interpolation: %s.") % study.interpolation, "study")
    if not is_asked(study):
        yield Finding(_("Unknown questions: %s.") % study.question_set, "study")


def _check_cases(study: Study, cases: list[Case]) -> Iterator[Finding]:
    unknown = codes_unknown(study)
    if unknown:
        yield Finding(
            _("The cohort has no case of these codes: %s.") % named(unknown), "study"
        )
    patients = set(patients_of(cases).values())
    if cases and len(patients) < LEAST_PATIENTS:
        yield Finding(
            _(
                "All cases are of one patient: an interval that is clustered by "
                "patient needs at least two."
            ),
            "study",
        )


def _check_training_images(items: list[TrainingItem]) -> Iterator[Finding]:
    cases = [item.case for item in items]
    made = set(
        Rendition.objects.filter(case__in=cases).values_list("case__code", "method")
    )
    broken = set(damaged_renditions(cases, {item.method for item in items}))
    wanted = [(item.case.code, item.method) for item in items]
    missing = [
        f"{code} {method}" for code, method in wanted if (code, method) not in made
    ]
    if missing:
        yield Finding(
            _("Images of the training set are not made yet: %s.") % named(missing),
            "cohort",
        )
    damaged = [
        f"{code} {method}" for code, method in wanted if (code, method) in broken
    ]
    if damaged:
        yield Finding(
            _("Images of the training set are damaged or lost: %s.") % named(damaged),
            "cohort",
        )


def _check_training_patients(
    items: list[TrainingItem], cases: list[Case]
) -> Iterator[Finding]:
    """The key would tell readers how a patient of the study is to be graded."""
    trained = [item.case for item in items]
    patients = patients_of([*cases, *trained])
    read = {patients[case.pk] for case in cases}
    known = list(
        dict.fromkeys(case.code for case in trained if patients[case.pk] in read)
    )
    if known:
        yield Finding(
            _(
                "Patients of the training set are read in the study, too, in another "
                "examination. Training cases: %s."
            )
            % named(known),
            "study",
        )


def gate_findings(study: Study) -> list[Finding]:
    """Why nobody could pass the gate."""
    if not study.gate:
        return []
    keys = [item.key for item in training_items(study)]
    if not keys:
        return [Finding(_("There is a gate, but no training set."), "study")]
    grades = {
        grade for key in keys for sides in key.values() for grade in sides.values()
    }
    if study.gate == Study.Gate.KAPPA and len(grades) < 2:
        return [
            Finding(
                _(
                    "The training key holds one grade only: no kappa can be estimated "
                    "with it, so nobody could pass the gate."
                ),
                "study",
            )
        ]
    return []


def analysis_findings(study: Study) -> list[Finding]:
    """What in the analysis plan cannot be carried out with the study's arms."""
    roles = dict(study.arms.values_list("code", "role"))
    findings = []
    for code, of in (
        (study.primary_arm, _("the primary arm")),
        (study.control_arm, _("the control arm")),
    ):
        said = {"what": of, "code": code}
        if code and code not in roles:
            text = _("Analysis plan: %(what)s, “%(code)s”, is no arm of the study.")
            findings.append(Finding(text % said, "study"))
        elif code and roles[code] == Arm.Role.REFERENCE:
            text = _("Analysis plan: %(what)s, “%(code)s”, is the reference itself.")
            findings.append(Finding(text % said, "study"))
    if study.primary_arm and study.primary_arm == study.control_arm:
        text = _("Analysis plan: the primary arm is its own control.")
        findings.append(Finding(text, "study"))
    if study.kappa_margin is not None and not (study.primary_arm and study.control_arm):
        text = _("Analysis plan: a margin needs a primary arm and a control arm.")
        findings.append(Finding(text, "study"))
    return [*findings, *_standard_findings(study)]


def _standard_findings(study: Study) -> Iterator[Finding]:
    """A given standard has a grade for every case that is read."""
    given = {one["case"] for one in study.given_standard}
    if study.reference_standard != Study.Standard.GIVEN:
        if given:
            text = _(
                "Analysis plan: grades of the standard are given, but the standard is "
                "another."
            )
            yield Finding(text, "study")
        return
    if study.state == Study.State.DRAFT:
        codes = [case.code for case in study_cases(study)]
    else:
        codes = [case["code"] for case in current(study)["cases"]]
    if missing := [code for code in codes if code not in given]:
        text = _("Analysis plan: no grades of the standard are given for: %s.")
        yield Finding(text % named(missing), "study")


def _check_statistician(study: Study) -> Iterator[Finding]:
    role = Membership.Role.STATISTICIAN
    active = study.memberships.filter(role=role).values_list("user__is_active")
    if not active:
        yield Finding(
            _("There is no statistician; a study is unblinded by two people."), "study"
        )
    elif (True,) not in active:
        yield Finding(
            _(
                "The account of every statistician is disabled; a study is unblinded "
                "by two people."
            ),
            "study",
        )


def hints(study: Study, cases: list[Case]) -> list[Finding]:
    """What does not stand against opening, but is worth a second thought."""
    found = []
    if study.guesses != Study.Guesses.NEVER:
        reads = len(cases) * reads_per_case(planned_arms(study))
        asked = -(-reads * study.guess_percent // 100)
        if asked < FEW_GUESSES:
            text = ngettext(
                "Each reader is asked for %(asked)d arm guess only; a blinding index "
                "needs more.",
                "Each reader is asked for %(asked)d arm guesses only; a blinding "
                "index needs more.",
                asked,
            )
            found.append(Finding(text % {"asked": asked}, "study"))
    if word := word_that_unblinds(study, study.title):
        text = _("Readers see the title, and “%s” in it names an arm or a case.")
        found.append(Finding(text % word, "study"))
    found += [*_words_shown(study), *_pairs_read_once(study)]
    if not study.primary_arm:
        text = _(
            "The analysis plan names no primary arm: the report will compare all arms "
            "alike."
        )
        found.append(Finding(text, "study"))
    found += _trained_elsewhere(study, cases)
    return found


def _words_shown(study: Study) -> Iterator[Finding]:
    """What else a coordinator writes for readers."""
    shown = [window["title"] for window in study.windows]
    own = question_set_of(study).questions if study.own_questions else ()
    for question in own:
        shown += [question.words, *(answer.words for answer in question.answers)]
    for text in map(str, shown):
        if word := word_that_unblinds(study, text):
            said = _(
                "Readers see “%(text)s”, and “%(word)s” in it names an arm or a case."
            )
            yield Finding(said % {"text": text, "word": word}, "study")


def _pairs_read_once(study: Study) -> Iterator[Finding]:
    """Of whoever wants an arm to be read twice and gets nothing for it."""
    if study.presentation != Study.Presentation.PAIRS:
        return
    repeated = [arm.title for arm in study.arms.all() if arm.repeated]
    if len(repeated) == 1:
        text = _(
            "A pair is read twice only where both of its arms are; “%s” is the only "
            "one."
        )
        yield Finding(text % repeated[0], "study")


def _trained_elsewhere(study: Study, cases: list[Case]) -> Iterator[Finding]:
    """Readers whom another study's training told how patients are to be graded."""
    patients = {digest for case in cases for digest in case.patient_digests}
    readers = study.memberships.filter(role=Membership.Role.READER)
    told = TrainingRead.objects.filter(
        attempt__reader__user__in=readers.values("user"), submitted_at__isnull=False
    ).exclude(attempt__reader__study=study)
    rows = told.values_list(
        "attempt__reader__user__username",
        "item__case__patient_digest",
        "item__case__second_patient_digest",
    )
    names = sorted({name for name, *known in rows if not patients.isdisjoint(known)})
    if names:
        text = _(
            "The training of another study told these readers how patients of this "
            "one are graded: %s."
        )
        yield Finding(text % named(names), "study")
