"""Exported files: forced choices, and anatomical fidelity."""

from collections.abc import Iterator

from readerstudy.reading.models import Study

from ..fidelity import FidelityRates, Rate
from ..outcomes import Interval, NotEstimable
from ..preference import PairShares
from ..reporting.preference_section import PairLine, PreferredQuestion
from ..reporting.report import Report
from .lines import Line, head, interval_cells, limit_cells, reasons
from .rating_files import AGAINST, FREEDOM, HEAD, QUESTION, WHOSE, P, Rows
from .shared_columns import NOT_ESTIMABLE, PROTOCOL, SIMULATED, STUDY, Column
from .shared_columns import interval_columns as interval_named

ABILITIES = "preference_abilities.csv"
PAIRS = "preference_pairs.csv"
TESTS = "preference_tests.csv"
FIDELITY = "fidelity.csv"
COMPARED = "fidelity_comparisons.csv"
Number = float | NotEstimable
Span = Interval | NotEstimable | None
BEGINNING = (STUDY, PROTOCOL, SIMULATED)

PREFERENCE_FILES: dict[str, tuple[Column, ...]] = {
    ABILITIES: (
        *HEAD,
        QUESTION,
        Column("n_choices", "answers of all readers to all pairs", "", "integer"),
        Column("n_patients", "patients that they are of", "", "integer"),
        Column(
            "ability",
            "Bradley-Terry model with ties (Davidson), difference from the mean of all "
            "arms",
            "logarithm of odds",
            "number",
        ),
        Column("se", "its standard error, clustered by patient", "", "number"),
        *interval_named("any number", "patients - 1"),
        Column(
            "penalised",
            "the same by Firth's penalised likelihood, where the model has none: no "
            "test",
            "logarithm of odds",
            "number; mostly empty",
        ),
        NOT_ESTIMABLE,
    ),
    PAIRS: (
        *BEGINNING,
        QUESTION,
        Column("first", "code of the first arm of the pair", "", "text"),
        Column("second", "code of the second arm", "", "text"),
        WHOSE,
        Column("n_patients", "patients that were asked about", "", "integer"),
        Column("first_preferred", "answers", "", "integer"),
        Column("no_difference", "answers", "", "integer"),
        Column("second_preferred", "answers", "", "integer"),
        Column(
            "net",
            "share that preferred the first minus share that preferred the second",
            "",
            "-1 to 1",
        ),
        *interval_named("-1 to 1", "patients - 1"),
        Column("p", "of no net preference, by sign flips of patients", "", P),
        Column("p_holm", "the same, Holm over the pairs", "", P),
        Column(
            "odds",
            "by the model, that the first is preferred where one is",
            "",
            "above 0; of all readers",
        ),
        Column("odds_low", "lower end of its interval", "", "above 0"),
        Column("odds_high", "its upper end", "", "above 0"),
        Column("odds_p", "of odds of 1", "", P),
        Column("odds_p_holm", "the same, Holm over the pairs", "", P),
        NOT_ESTIMABLE,
    ),
    TESTS: (
        *BEGINNING,
        QUESTION,
        Column(
            "test",
            "ties: share of no difference; side: share of left among the others; "
            "equal: all abilities equal; tie: Davidson's parameter",
            "",
            "ties, side, equal or tie",
        ),
        Column("value", "share, parameter or F", "", "number"),
        *interval_named("as value", FREEDOM),
        Column("df", "of F, numerator", "", "integer"),
        Column("df_denominator", "of F, denominator", "", "integer"),
        Column(
            "p",
            "two-sided; of the side by the model that has the side, too",
            "",
            P,
        ),
        NOT_ESTIMABLE,
    ),
}
FIDELITY_FILES: dict[str, tuple[Column, ...]] = {
    FIDELITY: (
        *HEAD,
        QUESTION,
        WHOSE,
        Column("n_ratings", "first readings", "", "integer"),
        Column("n_patients", "patients that they are of", "", "integer"),
        Column(
            "answer",
            "value of an answer; any: every answer but the one that nothing is wrong",
            "",
            "integer or any",
        ),
        Column("answer_words", "its words in the protocol", "", "text"),
        Column("count", "how often it was given", "", "integer"),
        Column("rate", "share of the ratings", "", P),
        Column("wilson_low", "as if every rating were of another patient", "", P),
        Column("wilson_high", "upper end", "", P),
        Column("clustered_low", "clustered by patient", "", P),
        Column("clustered_high", "upper end", "", P),
        NOT_ESTIMABLE,
    ),
    COMPARED: (
        *HEAD,
        QUESTION,
        AGAINST,
        Column("n_ratings", "readings of both arms", "", "integer"),
        Column("only_arm", "saw something wrong in this arm alone", "", "integer"),
        Column("only_against", "in against alone", "", "integer"),
        Column("difference", "of the rates, arm minus against", "", "-1 to 1"),
        Column("difference_low", "clustered by patient", "", "-1 to 1"),
        Column("difference_high", "upper end", "", "-1 to 1"),
        Column("p", "two-sided, patients as blocks", "", P),
        Column("p_holm", "the same, Holm over the arms", "", P),
        Column("q", "Cochran's Q over all arms", "", "number"),
        Column("q_df", "its degrees of freedom", "", "integer"),
        Column("q_p", "its p", "", P),
        NOT_ESTIMABLE,
    ),
}


def _beginning(report: Report) -> Line:
    return {
        "study": report.slug,
        "protocol_sha256": report.protocol_sha256,
        "simulated": report.simulated,
    }


def abilities(study: Study, report: Report) -> Iterator[Line]:
    """How much each arm is preferred, by the model of Bradley and Terry."""
    for one in report.preferences.questions if report.preferences else ():
        for line in one.abilities:
            found = line.found
            values = {"ability": found.ability, "se": found.standard_error}
            yield {
                **head(report, line.arm),
                "question": one.question.key,
                "n_choices": one.choices,
                "n_patients": one.patients,
                **values,
                **interval_cells(found.interval),
                "penalised": line.penalised,
                "not_estimable": reasons({**values, "interval": found.interval}),
            }


def pairs(study: Study, report: Report) -> Iterator[Line]:
    """What was preferred, pair by pair, of all readers and of each."""
    for one in report.preferences.questions if report.preferences else ():
        for line in one.pairs:
            each = zip(report.readers, line.readers, strict=True)
            for reader, found in (("", line.all), *each):
                if found is not None:
                    yield {
                        **_beginning(report),
                        "question": one.question.key,
                        "first": line.first.code,
                        "second": line.second.code,
                        "reader": reader,
                        **_pair(found, None if reader else line),
                    }


def _pair(found: PairShares, line: PairLine | None) -> Line:
    values = {
        "net": found.net.value,
        "p": found.p,
        "p_holm": found.p_holm,
        "odds": line.odds if line else None,
        "odds_p": line.p if line else None,
        "odds_p_holm": line.p_holm if line else None,
    }
    return {
        "n_patients": found.patients,
        "first_preferred": found.for_first,
        "no_difference": found.ties,
        "second_preferred": found.for_second,
        **values,
        **interval_cells(found.net.interval),
        **limit_cells({"odds": line.interval if line else None}),
        "not_estimable": reasons({**values, "interval": found.net.interval}),
    }


def tests(study: Study, report: Report) -> Iterator[Line]:
    """Ties, sides of the screen, and whether all arms are alike."""
    for one in report.preferences.questions if report.preferences else ():
        for test, line in _tests(one):
            yield {
                **_beginning(report),
                "question": one.question.key,
                "test": test,
                **line,
            }


def _tests(one: PreferredQuestion) -> Iterator[tuple[str, Line]]:
    side, equal = one.side, one.test
    shares: tuple[tuple[str, Number, Span, Number | None], ...] = (
        ("ties", one.tie_share.value, one.tie_share.interval, None),
        ("side", side.share.value, side.share.interval, side.p),
        ("tie", one.tie, None, None),
    )
    for test, value, span, p in shares:
        yield (
            test,
            {
                "value": value,
                **interval_cells(span),
                "df": None,
                "df_denominator": None,
                "p": p,
                "not_estimable": reasons({"value": value, "interval": span, "p": p}),
            },
        )
    values: dict[str, Number] = {"value": equal.statistic, "p": equal.p}
    yield (
        "equal",
        {
            **values,
            **interval_cells(None),
            "df": equal.numerator,
            "df_denominator": equal.denominator,
            "not_estimable": reasons(values),
        },
    )


def fidelity(study: Study, report: Report) -> Iterator[Line]:
    """How often something was wrong, by question, arm, reader and answer."""
    for one in report.fidelity.questions if report.fidelity else ():
        for line in one.arms:
            readers = zip(report.readers, line.readers, strict=True)
            for reader, found in (("", line.all), *readers):
                rates: list[tuple[int | str, str, Rate]] = [
                    (*answer, rate)
                    for answer, rate in zip(
                        one.question.answers, found.rates, strict=True
                    )
                ]
                for value, words, rate in (*rates, ("any", "", found.changed)):
                    yield {
                        **head(report, line.arm),
                        "question": one.question.key,
                        "reader": reader,
                        "answer": value,
                        "answer_words": words,
                        **_rate(found, rate),
                    }


def _rate(found: FidelityRates, rate: Rate) -> Line:
    values = {"rate": rate.rate, "wilson": rate.wilson, "clustered": rate.clustered}
    return {
        "n_ratings": found.ratings,
        "n_patients": found.patients,
        "count": rate.count,
        "rate": rate.rate,
        **limit_cells({"wilson": rate.wilson, "clustered": rate.clustered}),
        "not_estimable": reasons(values),
    }


def compared(study: Study, report: Report) -> Iterator[Line]:
    """Whether anatomy was wrong more often than in the arm it is compared with."""
    if report.fidelity is None:
        return
    for one in report.fidelity.questions:
        for line in one.pairs:
            values = {
                "difference": line.difference,
                "p": line.p,
                "p_holm": line.p_holm,
                "q": one.q.statistic,
                "q_p": one.q.p,
            }
            yield {
                **head(report, line.arm),
                "question": one.question.key,
                "against": report.fidelity.against.code,
                "n_ratings": line.ratings,
                "only_arm": line.only_arm,
                "only_against": line.only_other,
                **values,
                **limit_cells({"difference": line.interval}),
                "q_df": one.q.degrees_of_freedom,
                "not_estimable": reasons({**values, "interval": line.interval}),
            }


PREFERENCE_ROWS: Rows = {ABILITIES: abilities, PAIRS: pairs, TESTS: tests}
FIDELITY_ROWS: Rows = {FIDELITY: fidelity, COMPARED: compared}
