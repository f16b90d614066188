"""Studies of any size, read: rows made by the database itself, in seconds a million."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection

from readerstudy.cases.models import Case, Cohort, Rendition
from readerstudy.reading.models import Arm, Membership, Session, Study
from readerstudy.reading.questions import QUESTION_SETS, describe
from stats.models import ImageQuality, Mask
from stats.reporting.images import CALCULATION

from .studies import OPENED

SLICES = 5
# one read of 20 seconds after the other
TIMES = {
    "sqlite": "datetime('2026-03-02 09:00:00', '+' || ({seconds}) || ' seconds')",
    "postgresql": "timestamptz '2026-03-02 09:00:00+00' "
    "+ ({seconds}) * interval '1 second'",
}
READS = """
    INSERT INTO reading_read (id, session_id, reader_id, case_id, arm_id, repeat,
                              position, token, image_sha256, second_sha256,
                              first_shown_at, submitted_at)
    WITH again(repeat) AS (SELECT 0 UNION ALL SELECT 1),
    planned AS (
        SELECT s.id AS session, s.reader_id AS reader, c.id AS case_id, a.id AS arm,
               repeat, row_number() OVER (
                   PARTITION BY s.reader_id
                   ORDER BY (c.id * 7919 + a.id * 104729 + s.id * 1299709
                             + repeat * 611953) % 1000003, c.id, a.id, repeat
               ) AS position
        FROM reading_session s
        CROSS JOIN cases_case c
        CROSS JOIN reading_arm a
        CROSS JOIN again
        WHERE s.reader_id >= {first} AND a.study_id = {study}
              AND c.cohort_id = {cohort} AND (repeat = 0 OR a.repeated)
    )
    SELECT session * 10000000 + position, session, reader, case_id, arm, repeat,
           position, 'f' || (session * 10000000 + position), '', '', {shown},
           {submitted}
    FROM planned
"""
ANSWERS = """
    INSERT INTO reading_answer (id, read_id, version, reason, key, comment, shown_at,
                                spent_ms, at, by_id)
    SELECT r.id, r.id, 1, '', '', '', r.first_shown_at, 8000 + r.id % 5000,
           r.submitted_at, m.user_id
    FROM reading_read r
    JOIN reading_membership m ON m.id = r.reader_id
    WHERE m.id >= {first}
"""
SCORES = """
    INSERT INTO reading_score (id, answer_id, question, side, value, unassessable,
                               text, marks)
    WITH sides(side, number) AS (SELECT 'right', 0 UNION ALL SELECT 'left', 1),
    given AS (
        SELECT 2 * r.id + number AS id, r.id AS answer, side,
               1 + (r.case_id + number) % 4 AS truth,
               (r.id % 1000003 * 7919 + number * 104729) % 1009 AS chance,
               CASE WHEN a.role = 'reference' THEN 100 ELSE 400 END AS errors
        FROM reading_read r
        JOIN reading_membership m ON m.id = r.reader_id
        JOIN reading_arm a ON a.id = r.arm_id
        CROSS JOIN sides
        WHERE m.id >= {first}
    )
    SELECT id, answer, 'grade', side,
           CASE WHEN chance >= errors THEN truth
                WHEN chance % 2 = 0 AND truth < 4 THEN truth + 1
                WHEN truth > 1 THEN truth - 1 ELSE 2 END, '', '', '[]'
    FROM given
"""


def fill_study(*, cases: int, arms: int, readers: int, slug: str = "filled") -> Study:
    """readers * cases * (arms + 1) reads: the last arm is read twice.

    arms: the reference among them. Images have been measured, and exist nowhere.
    """
    cohort = Cohort.objects.create(name=slug, simulated=True)
    study = Study.objects.create(
        slug=slug,
        title="Filled",
        cohort=cohort,
        state=Study.State.UNBLINDED,
        protocol={
            "questions": describe(QUESTION_SETS["striatum-grade-1-4"]),
            "display": {"window": "image-max"},
        },
        protocol_sha256="ab" * 32,
        seed_sha256="cd" * 32,
        opened_at=OPENED,
        closed_at=OPENED + timedelta(days=1),
        unblinded_at=OPENED + timedelta(days=2),
    )
    Arm.objects.bulk_create(
        Arm(
            study=study,
            position=place + 1,
            code=method,
            title=method,
            method=method,
            role="comparison" if place else "reference",
            repeated=place == arms - 1,
        )
        for place, method in enumerate(_methods(arms))
    )
    add_cases(study, cases)
    add_readers(study, readers)
    return study


def add_readers(study: Study, readers: int) -> None:
    """Each has read everything."""
    before = study.memberships.count()
    numbers = range(before, before + readers)
    users = User.objects.bulk_create(
        User(username=f"{study.slug}-{number}") for number in numbers
    )
    people = Membership.objects.bulk_create(
        Membership(study=study, user=user, role="reader", code=f"R{number:04}")
        for number, user in zip(numbers, users, strict=True)
    )
    Session.objects.bulk_create(
        Session(study=study, reader=one, number=1) for one in people
    )
    times = TIMES[connection.vendor]
    filled = {
        "study": study.pk,
        "cohort": study.cohort_id,
        "first": people[0].pk,
        "shown": times.format(seconds="20 * position"),
        "submitted": times.format(seconds="20 * position + 12"),
    }
    with connection.cursor() as cursor:
        for statement in (READS, ANSWERS, SCORES):
            cursor.execute(statement.format(**filled))


def _methods(arms: int) -> list[str]:
    return ["reference", *(f"arm-{number}" for number in range(1, arms))]


def add_cases(study: Study, cases: int) -> None:
    """With images in every arm. Readers who are added later read them too."""
    cohort = study.cohort
    before = cohort.cases.count()
    made = Case.objects.bulk_create(
        Case(
            cohort=cohort,
            code=f"C{number:06}",
            patient_digest=f"{cohort.name}-{number}",
            central_slice=30,
        )
        for number in range(before, before + cases)
    )
    renditions = Rendition.objects.bulk_create(
        Rendition(
            case=case,
            method=method,
            values=f"nowhere/{case.pk}/{method}.npy",
            sha256=_digest(case, method),
        )
        for case in made
        for method in study.arms.order_by("position").values_list("method", flat=True)
    )
    ImageQuality.objects.bulk_create(
        (
            _quality(one, place, slice_)
            for place, one in enumerate(renditions)
            if one.method != "reference"
            for slice_ in range(SLICES)
        ),
        batch_size=5000,
    )


def _digest(case: Case, method: str) -> str:
    return f"{case.pk}-{method}".ljust(64, "-")


def _quality(one: Rendition, place: int, slice_: int) -> ImageQuality:
    chance = (place * 7919 + slice_ * 104729) % 1009 / 1009
    return ImageQuality(
        reference_sha256=_digest(one.case, "reference"),
        rendition_sha256=one.sha256,
        slice=slice_,
        calculation=CALCULATION,
        mask=Mask.CROP,
        pixels=64 * 64,
        mean_squared_error=20 + 20 * chance,
        mean_absolute_error=3 + chance,
        ssim_range_255=0.9 + chance / 20,
        ssim_range_1=0.8 + chance / 20,
        reference_mean=40,
        reference_range=255,
    )
