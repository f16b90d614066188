"""Rows of the doors of `reading`."""

from typing import Any

from readerstudy.reading.services import check_start, guess_next, read_next
from tests.cast import Cast, reader_membership
from tests.factory import TRAINING, make_study
from tests.people import LOGGED_IN, OWN, READER, UNBLINDED, UPLOADERS
from tests.test_leaks import grade_one, train

from . import Row, Rows

ACTS = (  # of a coordinator alone
    "study-open",
    "study-close",
    "amendments",
    "amendment-preview",
    "members",
    "waivers",
    "reopenings",
    "code-breaks",
)
LOOKS = (
    "study-detail",
    "protocol",
    "preflight",
    "unblinding",
    "amendments",
    "members",
    "progress",
    "conduct",
    "deviations",
    "comments",
    "checks",
    "attempts",
    "log",
    "reopenings",
    "code-breaks",
)
READS = (
    *("reading", "asked", "read-pixels", "answers", "test-pattern", "guess-pixels"),
    *("training-pixels", "training-result", "atlas", "atlas-pixels"),
)
READ = (
    *("read-next", "read-revisit", "read-undo", "session-finish", "training-start"),
    *("conditions", "conditions-answer", "guess", "training-next"),
)
# what a token that is not before its reader is answered is a 404 as well
SHOWN = ("answers", "guess-answer", "training-submit")

ROWS: Rows = {
    # a list is empty for whoever has no study to see
    ("reading-api:study-list", "GET"): Row(LOGGED_IN),
    ("reading-api:study-list", "POST"): Row(UPLOADERS),
    ("reading-api:study-detail", "PATCH"): Row(OWN),
    ("reading-api:protocol", "PUT"): Row(OWN),
    ("reading-api:unblinding", "POST"): Row(UNBLINDED),
    ("reading-api:unblinding", "DELETE"): Row(UNBLINDED),
    **{(f"reading-api:{name}", "GET"): Row(UNBLINDED) for name in LOOKS},
    **{(f"reading-api:{name}", "POST"): Row(OWN) for name in ACTS},
    ("reading-api:readings", "GET"): Row(LOGGED_IN),
    ("reading-api:preferences", "GET"): Row(LOGGED_IN),
    ("reading-api:preferences", "PUT"): Row(LOGGED_IN),
    ("reading-api:colour-table", "GET"): Row(LOGGED_IN),
    **{(f"reading-api:{name}", "GET"): Row(READER) for name in READS},
    **{(f"reading-api:{name}", "POST"): Row(READER) for name in (*READ, *SHOWN)},
}


class _Values(dict[Any, dict[str, Any]]):
    """Studies of the same people, each made when it is asked for: it takes a while."""

    def __init__(self, cast: Cast) -> None:
        super().__init__()
        self.cast = cast

    def get(self, key: Any, default: Any = None) -> Any:
        makers = {
            "read-pixels": _shown,
            **dict.fromkeys(CONDITIONS, _conditions),
            **dict.fromkeys(GUESS, _guess),
            **dict.fromkeys(TRAINING_DOORS, _training),
        }
        wanted = key.partition(":")[2] if isinstance(key, str) else ""
        return makers[wanted](self.cast, wanted) if wanted in makers else default


values = _Values
CONDITIONS = ("conditions", "conditions-answer", "test-pattern")
GUESS = ("guess", "guess-answer", "guess-pixels")
TRAINING_DOORS = (
    *("training-start", "training-next", "training-submit", "training-result"),
    "training-pixels",
)


def _shown(cast: Cast, wanted: str) -> dict[str, Any]:
    read = read_next(reader=reader_membership(cast.study, cast.reader)).read
    assert read is not None
    return {"slug": cast.study.slug, "token": read.token}


def _study(cast: Cast, slug: str, **settings: object) -> Any:
    return make_study(
        cast.cohort,
        slug=slug,
        coordinator=cast.coordinator,
        statistician=cast.statistician,
        readers=[cast.reader],
        **settings,
    )


def _conditions(cast: Cast, wanted: str) -> dict[str, Any]:
    study = _study(cast, "asking-study", asks_conditions=True)
    check_start(reader=reader_membership(study, cast.reader))
    return {"slug": study.slug}


def _guess(cast: Cast, wanted: str) -> dict[str, Any]:
    study = _study(cast, "guessed", guesses="after-grade", guess_percent=100)
    grade_one(study, cast.reader)
    guess = guess_next(reader=reader_membership(study, cast.reader))
    assert guess is not None
    token = {"token": guess.token} if wanted == "guess-pixels" else {}
    return {"slug": study.slug, **token}


def _training(cast: Cast, wanted: str) -> dict[str, Any]:
    study = _study(cast, "trained-study", training=TRAINING)
    train(study, cast.reader)
    attempt = reader_membership(study, cast.reader).attempts.get(finished_at=None)
    read = attempt.reads.get(first_shown_at__isnull=False)
    token = {"token": read.token} if wanted == "training-pixels" else {}
    return {"slug": study.slug, **token}
