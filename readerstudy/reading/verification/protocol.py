"""Whether a study's protocol, its amendments and its settings agree with each other.

Lines name sections and places of a protocol, and reads by reader and position; they
may name cases and are for unblinded studies only.
"""

import copy
from collections.abc import Iterator
from typing import Any

from ..models import Amendment, ArmGuess, Read, Study, TrainingItem
from ..protocol.frozen import (
    PLACES,
    current,
    describe_cohort,
    describe_course,
    describe_shown,
    protocol_sha256,
    training_hashes,
)
from ..questions import OWN
from ..services.amendments import AMENDABLE

SECTIONS_SINCE = 2  # the first version of a protocol that says all of a study
SAME_CASES = ("type", "split", "codes", "resampling_allowed")


def amendment_matches(amendment: Amendment) -> bool:
    return protocol_sha256(amendment.protocol) == amendment.protocol_sha256


def amendment_lines(study: Study) -> Iterator[str]:
    """Amendments that do not follow the one before, or change what none may."""
    follows, frozen = study.protocol_sha256, _unamendable(study.protocol or {})
    for place, amendment in enumerate(study.amendments.order_by("number"), start=1):
        says = {
            "number": place,
            "reason": amendment.reason,
            "amends_sha256": follows,
        }
        name = f"amendment {amendment.number}"
        if amendment.number != place or amendment.protocol.get("amendment") != says:
            yield f"{name} does not follow the protocol before it"
        if _unamendable(amendment.protocol) != frozen:
            yield f"{name} changes what no amendment may"
        follows = amendment.protocol_sha256


def _unamendable(protocol: dict[str, Any]) -> dict[str, Any]:
    """What is the same in every amendment; nothing that is empty."""
    rest = {name: copy.copy(part) for name, part in protocol.items()}
    rest.pop("amendment", None)
    for setting in AMENDABLE:
        section, *keys = PLACES[setting]
        if not keys:
            rest.pop(section, None)
        elif section in rest:
            rest[section].pop(keys[0], None)
    held = {
        name: {key: value for key, value in part.items() if value not in (None, [])}
        if isinstance(part, dict)
        else part
        for name, part in rest.items()
    }
    return {name: part for name, part in held.items() if part != {}}


def setting_lines(study: Study) -> Iterator[str]:
    """Sections of the protocol, as it stands, that the study's rows contradict.

    A section that a protocol of an older version lacks is not held to anything.
    """
    stands = current(study)
    now = {
        "title": study.title,
        "training_images": training_hashes(study),
        **describe_course(study),
    }
    for section, value in now.items():
        if section in stands and stands[section] != _as_told(value, stands[section]):
            yield f"section {section}"
    # its name may change, and an older version says less
    cohort, chosen = describe_cohort(study), stands.get("cohort", {})
    if any(chosen[key] != cohort[key] for key in chosen if key in SAME_CASES):
        yield "section cohort"
    if _asks_otherwise(study, stands["questions"]):
        yield "section questions"
    if stands.get("version", 0) >= SECTIONS_SINCE:
        display, shown = describe_shown(study), stands.get("display", {})
        if any(shown[key] != display[key] for key in shown if key in display):
            yield "section display"


def _asks_otherwise(study: Study, told: dict[str, Any]) -> bool:
    """Of a set by its key: a later version may put its words better."""
    if told["key"] == OWN:
        return bool(study.own_questions != told["questions"])
    return bool(study.own_questions) or study.question_set != told["key"]


def _as_told(now: Any, told: Any) -> Any:
    """As much of a section as a protocol, perhaps of an older version, says of it."""
    if not (isinstance(now, dict) and isinstance(told, dict)):
        return now
    return {key: value for key, value in now.items() if key in told}


def training_lines(study: Study) -> Iterator[str]:
    """Cases that readers are trained on and read, too."""
    trained = TrainingItem.objects.filter(study=study).values("case")
    read = Read.objects.filter(reader__study=study, case__in=trained)
    yield from (
        f"case {code}"
        for code in sorted(set(read.values_list("case__code", flat=True)))
    )


def guess_places(study: Study) -> set[tuple[str, int]]:
    """(reader's code, position) of the reads that are asked about afterwards."""
    asked = ArmGuess.objects.filter(read__reader__study=study)
    return set(asked.values_list("read__reader__code", "read__position"))
