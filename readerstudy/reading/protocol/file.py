"""The protocol as a YAML file: what it holds, and what may stand in it.

docs/protocol.md describes it, docs/protocol-example.yaml explains every field. The
sections are those of the frozen protocol, with people by their user names and
without what only opening decides.
"""

from decimal import Decimal
from typing import Any

from ..models import Membership, Study
from .frozen import (
    current,
    describe_arms,
    describe_cohort,
    describe_course,
    describe_display,
)
from .plain_yaml import yaml_write

FORMAT = 1
NUMBERS = ("margin", "value_low", "value_high", "metric_low", "metric_high")
SINCE_VERSION_2 = ("conduct", "training", "guesses", "analysis")
# section of the file for each role, in the order in which they are written
PEOPLE = {
    "readers": Membership.Role.READER,
    "statisticians": Membership.Role.STATISTICIAN,
    "coordinators": Membership.Role.COORDINATOR,
}


def protocol_yaml(study: Study, *, people: bool = True) -> str:
    """The protocol as it stands, amendments included.

    people: False leaves the user names out, for a file that goes to others.
    """
    return _heading(study) + yaml_write(protocol_document(study, people=people))


def _heading(study: Study) -> str:
    if study.state == Study.State.DRAFT:
        return ""
    lines = [f"# Frozen when the study was opened: SHA-256 {study.protocol_sha256}"]
    lines += [
        f"# Amendment {one.number}: SHA-256 {one.protocol_sha256}"
        for one in study.amendments.order_by("number")
    ]
    unsaid = [name for name in SINCE_VERSION_2 if name not in current(study)]
    if unsaid:
        lines.append(
            f"# Not in this protocol, which is of an older version; what stands below "
            f"are defaults: {', '.join(unsaid)}"
        )
    return "\n".join([*lines, ""])


def protocol_document(study: Study, *, people: bool = True) -> dict[str, Any]:
    """What the file of this study's protocol holds, as plain data."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "slug": study.slug,
        "title": study.title,
        "cohort": describe_cohort(study),
        "arms": describe_arms(study),
        "questions": study.own_questions or study.question_set,
        "display": describe_display(study),
        **describe_course(study),
    }
    if study.state != Study.State.DRAFT:
        document |= _frozen(study, document)
    _numbers(document)
    if people:
        document["people"] = _people(study)
    return document


def _frozen(study: Study, document: dict[str, Any]) -> dict[str, Any]:
    """The sections as they are hashed, which no change of a row can touch.

    A protocol of an older version lacks some; the rows hold their defaults.
    """
    stands = current(study)
    frozen = {name: stands[name] for name in document if name in stands}
    frozen.pop("questions", None)  # there they are written out
    if "display" in frozen:
        frozen["display"] = {
            **document["display"],
            **{k: v for k, v in frozen["display"].items() if k in document["display"]},
        }
    if "cohort" in frozen:
        frozen["cohort"] = {**document["cohort"], **frozen["cohort"]}
    return frozen


def _numbers(document: dict[str, Any]) -> None:
    """Decimals are text where they are hashed, and numbers for who reads the file."""
    gate = document["training"]["gate"]
    for section in ("display", "analysis"):
        document[section] = _numbered(document[section])
    if gate is not None:
        gate = {**gate, "minimum": Decimal(gate["minimum"])}
        document["training"] = {**document["training"], "gate": gate}


def _numbered(section: dict[str, Any]) -> dict[str, Any]:
    ends: dict[str, Any] = {
        k: Decimal(v) for k, v in section.items() if k in NUMBERS and v is not None
    }
    if windows := section.get("windows"):
        ends["windows"] = [
            {**one, "low": Decimal(one["low"]), "high": Decimal(one["high"])}
            for one in windows
        ]
    if limits := section.get("stability_limits"):
        ends["stability_limits"] = {k: Decimal(v) for k, v in limits.items()}
    return section | ends


def _people(study: Study) -> dict[str, list[str]]:
    members = list(study.memberships.select_related("user").order_by("pk"))
    members.sort(key=lambda member: (len(member.code), member.code))  # Z before AA
    return {
        section: [m.user.get_username() for m in members if m.role == role]
        for section, role in PEOPLE.items()
    }
