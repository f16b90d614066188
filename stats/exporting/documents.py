"""What an export holds beside its tables: the protocol, a script that computes the
tables anew, and a file to begin with.

Protocols are written as the bytes that were hashed: `sha256sum protocol.json` gives
the SHA-256 that every report prints.
"""

from datetime import UTC, datetime
from pathlib import Path

from readerstudy.reading.models import Study
from readerstudy.reading.protocol.file import protocol_yaml
from readerstudy.reading.protocol.frozen import canonical_json

from ..reporting.keeping import report_json
from ..reporting.reliability_section import KINDS
from ..reporting.report import Report
from .chosen import MORE_ROWS, tables
from .confidence_mrmc import file_of, imrmc_files
from .mrmc import IMRMC
from .rows import ROWS

SCRIPT = "analysis.R"
README = "README.txt"
SUMS = "SHA256SUMS"
REPORT = "report.json"
WIDTH = 32  # of a file's name in the README

ABOUT = {
    "reads.csv": "every planned read and side, with its latest answer",
    "answers.csv": "every version of every answer, with its times and comment",
    "kappa.csv": "agreement with the reference, by arm, weighting, reader and side",
    "primary_comparison.csv": "primary arm minus control arm, as the plan says",
    "intra_reader.csv": "agreement of second with first readings",
    "image_quality.csv": "PSNR and SSIM of every slice",
    "image_quality_summary.csv": "the same by metric and arm, with tests",
    "image_quality_comparisons.csv": "each arm against the control, test by test",
    "guesses.csv": "what readers took images for, where they were asked",
    "blinding_index.csv": "Bang's index of these guesses, and the balanced index",
    "deviations.csv": "what did not go as the protocol wants it",
    "reopenings.csv": "answered reads that were opened again, with reasons",
    "amendments.csv": "changes of the protocol after opening, with reasons",
    "viewing_conditions.csv": "display, room and test pattern of every session",
    "training.csv": "training images, their key and the readers' answers",
    "audit.csv": "the anchor of the audit log",
    "mrmc_items.csv": "numbers and truth of the sides in the files for ROC programs",
    "rjafroc_Truth.csv": "for RJafroc, a sheet of its workbook: the truth",
    "rjafroc_TP.csv": "for RJafroc, a sheet of its workbook: ratings, abnormal sides",
    "rjafroc_FP.csv": "for RJafroc, a sheet of its workbook: ratings, normal sides",
    "data_dictionary.csv": "every column of every table: meaning, unit, values",
}


def about(name: str) -> str:
    """One line about a table: as above, or as the function says that makes it."""
    if name in ABOUT:
        return ABOUT[name]
    made = {**ROWS, **MORE_ROWS}.get(name) or file_of(name)
    told = (made.__doc__ or "").split("\n")[0].rstrip(".")
    return told[:1].lower() + told[1:]


def documents(study: Study, report: Report) -> dict[str, bytes]:
    """File name → bytes; the same study gives the same bytes."""
    protocols = _protocols(study)
    found = {
        README: _readme(report, protocols).encode(),
        "protocol.yaml": protocol_yaml(study, people=False).encode(),
        REPORT: report_json(report).encode(),
    }
    if script := analysis_script(report):
        found[SCRIPT] = script
    return found | protocols


def analysis_script(report: Report) -> bytes:
    """Of what this study's tables can be computed anew from; empty if of nothing."""
    parts = []
    if report.is_graded:
        parts.append("grades")
    if not report.stacks:
        parts.append("slices")
    if any(one.kind in KINDS for one in report.asked):
        parts += ["answers", "choices", "again"]
    if not parts:
        return b""
    folder = Path(__file__).with_name("r")
    return b"".join(
        (folder / f"{part}.R").read_bytes() for part in ("head", *parts, "tail")
    )


def _protocols(study: Study) -> dict[str, bytes]:
    """As it was frozen at opening, and as each amendment left it."""
    found = {"protocol.json": canonical_json(study.protocol or {})}
    for one in study.amendments.order_by("number"):
        found[f"protocol.amendment-{one.number}.json"] = canonical_json(one.protocol)
    return found


def _readme(report: Report, protocols: dict[str, bytes]) -> str:
    lines = [
        report.title,
        "=" * len(report.title),
        "",
        f"Study {report.slug}, unblinded {_time(report.unblinded_at)}.",
        *(f"Agreed by the {a.role} {_time(a.at)}." for a in report.conduct.approvals),
        "",
        *_warnings(report),
        f"SHA-256 of protocol.json, as frozen at opening: {report.protocol_sha256}",
        *(
            f"SHA-256 of protocol.amendment-{one.number}.json: {one.sha256}"
            for one in report.conduct.amendments
        ),
        f"SHA-256 of the seed of the reading order: {report.seed_sha256}",
        "",
        "Tables are CSV (RFC 4180), UTF-8, with decimal points and times in UTC.",
        "An empty cell is missing or not estimable; the column not_estimable says why.",
        _not_assessable(report),
        "Readers appear under their codes and patients under numbers of this study.",
        "",
        *_files(report, protocols),
        "",
        "Join the tables by reader and position; cluster by patient.",
        'In R: reads <- read.csv("reads.csv")',
        *_again(report),
        f"Whether a file is the one that was written: sha256sum -c {SUMS}",
        "",
        *(_roc(report) if report.is_graded else ()),
        *(_roc_of_confidence() if imrmc_files(report) else ()),
    ]
    return "\n".join(lines)


def _again(report: Report) -> list[str]:
    if not analysis_script(report):
        return []
    package = " and its package vcd" if report.is_graded else ""
    return [f"All of it again with R{package}: Rscript {SCRIPT}"]


def _files(report: Report, protocols: dict[str, bytes]) -> list[str]:
    of_grades = {IMRMC: "the reads for the program iMRMC"}
    script = {SCRIPT: "computes the main tables from the others and compares"}
    words = {
        README: "this file",
        **{name: about(name) for name in tables(report)},
        **(of_grades if report.is_graded else {}),
        **(script if analysis_script(report) else {}),
        **dict.fromkeys(imrmc_files(report), "the answers for the program iMRMC"),
        REPORT: "every number of the report; its SHA-256 is on the report's page",
        "protocol.yaml": "the protocol as it stands, to read and to load again",
        **dict.fromkeys(protocols, "the protocol, canonical JSON"),
        SUMS: "SHA-256 of every other file",
    }
    return [f"{name:<{WIDTH}}{said}" for name, said in words.items()]


def _roc(report: Report) -> list[str]:
    """What must be known of the truth in the files for ROC programs."""
    top, low = max(report.categories), min(report.categories)
    return [
        "Files for iMRMC and RJafroc: the truth in them comes from readings, not from",
        "a diagnosis. A side is abnormal where the median of all readers' first grades",
        f"in the arm {report.reference.code} is below {top}. The score is {top + low} "
        "minus the grade.",
        "Both programs take sides as independent; the two of one patient are not.",
        "",
    ]


def _roc_of_confidence() -> list[str]:
    return [
        "Files for iMRMC and RJafroc of questions how sure a reader is: the truth is",
        "the one that the protocol gives for each case; the score is the answer, 0 to",
        "100. Both programs take cases as independent; those of one patient are not.",
        "",
    ]


def _warnings(report: Report) -> list[str]:
    found = []
    if report.readers_simulated:
        found.append("SIMULATED READERS: grades were computed, not given by people.")
    if report.images_simulated:
        found.append("SIMULATED IMAGES: no patient was examined.")
    if not report.complete:
        found.append(
            f"INCOMPLETE: {report.reads_submitted} of {report.reads_planned} planned "
            f"reads were made; {len(report.images_missing)} images have no measurement."
        )
    if not report.plan.in_protocol:
        found.append("NO ANALYSIS PLAN was in the protocol.")
    found += [
        f"ANALYSIS PLAN CHANGED after opening, by amendment {one.number} "
        f"({_time(one.at)})."
        for one in report.conduct.plan_amendments
    ]
    return [*found, ""] if found else []


def _not_assessable(report: Report) -> str:
    sides = report.sides
    what = "Sides" if report.is_graded else "Answers about images"
    said = f"{what} that a reader could not assess (column not_assessable): "
    if not sides.declined:
        return f"{said}none."
    return f"{said}{sides.declined} of {sides.answered}."


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
