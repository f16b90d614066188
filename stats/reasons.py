"""Why a number does not exist, in the language of the page."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .outcomes import Reason

REASON_WORDS: dict[Reason, Promise] = {
    Reason.NO_READS: _("there are no reads to compare"),
    Reason.NONE_ASSESSED: _("no side could be assessed in both readings"),
    Reason.NO_IMAGES: _("there are no images to compare"),
    Reason.ONE_PATIENT: _("there is only one patient"),
    Reason.TOO_FEW_PATIENTS: _(
        "there are too few patients for an interval at this level"
    ),
    Reason.BOTH_CONSTANT: _("both readings use a single grade"),
    Reason.ONE_CONSTANT: _("one of the two readings uses a single grade"),
    Reason.PERFECT: _("agreement is perfect, so its variation cannot be estimated"),
    Reason.OPPOSITE: _("disagreement is total, so its variation cannot be estimated"),
    Reason.NO_ROOM: _("with these grades kappa could not have been another"),
    Reason.NO_VARIATION: _("it does not vary between patients"),
    Reason.OVERLAPPING: _("the data cannot tell it from the other effects"),
    Reason.MORE_EFFECTS: _("there are no more patients than effects to test"),
    Reason.NO_DIFFERENCE: _("no patient's grades differ"),
    Reason.NO_ABNORMAL: _("the standard has no abnormal side"),
    Reason.NO_NORMAL: _("the standard has no normal side"),
    Reason.ONE_GRADE: _("a single grade was given"),
    Reason.NOT_CONVERGED: _("the model does not settle on these data"),
    Reason.TOO_LARGE: _("there are too many grades for this model"),
    Reason.NO_RESAMPLE: _("no resample of the patients has it"),
    Reason.ONE_SIDED: _("all resamples lie on one side of it"),
    Reason.LEFT_OUT_UNDEFINED: _("without one of the patients it does not exist"),
    Reason.ONE_READER: _("there is only one reader"),
    Reason.NO_COMMON_SIDE: _("no side was graded by every reader"),
    Reason.NO_SHARED_SIDE: _("no side was graded by two readers"),
    Reason.ALL_CONSTANT: _("every reader uses a single grade"),
    Reason.ALL_SAME: _("all grades are the same"),
    Reason.PAIR_MISSING: _("it is not estimable for every pair of readers"),
    Reason.IDENTICAL_IMAGES: _("the images are identical"),
    Reason.EMPTY_REFERENCE: _("the reference is empty, or the same everywhere"),
    Reason.EMPTY_BACKGROUND: _("the background of a slice is empty"),
    Reason.NO_BRAIN: _("the reference image shows no whole brain to measure in"),
    Reason.ONE_VALUE: _("there is only one value"),
    Reason.ONE_ARM: _("there is only one arm to compare"),
    Reason.ONE_BLOCK: _("only one block has a value in every arm"),
    Reason.NO_COMPLETE_PATIENT: _("no patient has a value in every arm"),
    Reason.NO_COMPLETE_SLICE: _("no slice has a value in every arm"),
    Reason.ALL_TIED: _("all arms are equal in every block"),
    Reason.READER_MISSING: _("it is not estimable for every reader"),
    Reason.READERS_ALIKE: _(
        "the readers do not differ, so their variation cannot be estimated"
    ),
    Reason.ONE_PATIENT_DECIDES: _("without one of the patients it is not estimable"),
    Reason.NO_GUESSES: _("no guess was given"),
    Reason.NO_TIME_TOLD: _("no browser reported how long it took"),
    Reason.NOT_ANSWERED: _("nothing was read"),
    Reason.ALL_ALIKE: _(
        "all answers were the same, so their variation cannot be estimated"
    ),
    Reason.ONE_PATIENT_A_READER: _(
        "a reader was asked about one patient only, in the reference or in the others"
    ),
    Reason.NO_RATINGS: _("there are no ratings"),
    Reason.NO_WITH: _("no case is known to have the finding"),
    Reason.NO_WITHOUT: _("no case is known to be without the finding"),
    Reason.ONE_OF_A_KIND: _(
        "only one patient has the finding, or only one is without it"
    ),
    Reason.NO_OVERLAP: _(
        "the ratings do not overlap, so the variation cannot be estimated"
    ),
    Reason.NO_CHOICES: _("no pair was answered"),
    Reason.ALL_TIES: _("every answer was “no difference”"),
    Reason.ALWAYS_PREFERRED: _("an arm was always preferred, or never, to all it met"),
    Reason.NOT_CONNECTED: _(
        "the arms were not all compared, not even by way of others"
    ),
    Reason.PENALISED: _("a penalised estimate has no interval here"),
    Reason.NO_CHANGES: _("no patient has more changes in one arm than in another"),
    Reason.NO_COMPLETE_ITEM: _("no case was rated in every arm"),
    Reason.NO_COMMON_IMAGE: _("no image was rated by every reader"),
    Reason.NO_SHARED_IMAGE: _("no image was rated by two readers"),
}
