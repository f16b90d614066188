"""Making a draft of a protocol's file, or writing one anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused

from ..models import Membership, Study
from ..protocol.fields import Known, protocol_check
from ..protocol.file import PEOPLE, protocol_document
from ..protocol.frozen import PLACES
from ..protocol.plain_yaml import MAX_DEPTH, is_storable, yaml_read
from ..protocol.rules import TrainingChoice, settings_problems
from ..protocol.types import blank_study
from ..questions import OWN
from .settings import SETTINGS
from .studies import ArmChoice, slug_problem, study_create, study_update


@dataclass(frozen=True)
class Loaded:
    study: Study
    made: bool  # False: a draft was there, and was written anew


def protocol_load(*, content: bytes, by: User, replaces: bool = True) -> Loaded:
    """What a YAML file says becomes a draft, as document_load has it."""
    return document_load(document=yaml_read(content), by=by, replaces=replaces)


@transaction.atomic
def document_load(
    *, document: Any, by: User, replaces: bool = True, of: Study | None = None
) -> Loaded:
    """What a protocol's file says becomes a draft; what it leaves out has its default.

    A draft of the same short name, coordinated by `by`, is written anew, if
    `replaces`; with `of` it is that draft. Refused with every problem in the file, and
    then nothing is changed.
    """
    _refuse_unstorable(document)
    if of is not None:
        _refuse_another(document, of)
    draft = _own_draft(_word(document, "slug"), by)
    known = _known(document, draft, by, replaces)
    checked = protocol_check(document, known)
    assert known.cohort is not None, "or the check had refused it"
    settings = _settings(checked, known.cohort)
    _refuse_problems(known.cohort, settings)
    images = _dig(checked, "training", "images")
    content_of: dict[str, Any] = {
        "arms": [ArmChoice(**arm) for arm in checked.get("arms") or ()],
        "training": [TrainingChoice(**image) for image in images or ()],
        **{section: _dig(checked, "people", section) or () for section in PEOPLE},
        **settings,
    }
    if draft:
        return Loaded(study_update(study=draft, by=by, **content_of), made=False)
    made = study_create(
        slug=checked["slug"], cohort=known.cohort, coordinator=by, **content_of
    )
    return Loaded(made, made=True)


@transaction.atomic
def draft_change(*, study: Study, by: User, changes: Mapping[str, Any]) -> Study:
    """Write a draft anew with some fields of its protocol's file changed.

    changes: merged into the file as RFC 7396 has it: sections field by field, lists
    as a whole, and null for what is to have its default again.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    document = protocol_document(study)
    document["display"].pop("presentation", None)  # it follows from the questions
    merged = _merged(document, changes)
    return document_load(document=merged, by=by, of=study).study


def _merged(document: Any, changes: Any) -> Any:
    if not isinstance(changes, Mapping):
        return changes
    merged = dict(document) if isinstance(document, Mapping) else {}
    for key, change in changes.items():
        if change is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), change)
    return merged


def _refuse_unstorable(document: Any) -> None:
    """JSON's escapes can name what no text has, too; and it has no bound of depth."""
    heap: list[tuple[Any, int]] = [(document, 0)]
    while heap:
        found, depth = heap.pop()
        if depth > MAX_DEPTH:
            raise Refused(_("It is nested too deeply."))
        if isinstance(found, Mapping):
            heap += [(inner, depth + 1) for pair in found.items() for inner in pair]
        elif isinstance(found, list):
            heap += [(inner, depth + 1) for inner in found]
        elif isinstance(found, str) and not is_storable(found):
            raise Refused(_("It holds a character that no text has."))


def _refuse_another(document: Any, of: Study) -> None:
    if of.state != Study.State.DRAFT:
        raise Refused(_("The study is open; its protocol can no longer be changed."))
    if _word(document, "slug") != of.slug:
        said = _("slug: the short name of this study is “%s” and stays so.")
        raise Refused(said % of.slug)


def first_coordinator(content: bytes) -> User:
    """In whose name a file is loaded where nobody is logged in."""
    names = _dig(yaml_read(content), "people", "coordinators")
    first = _accounts([str(n) for n in names][:1]) if isinstance(names, list) else {}
    if not first:
        raise Refused(
            _("Say in whose name: the file's first coordinator has no account here.")
        )
    [user] = first.values()
    return user


def _word(document: Any, *path: str) -> str:
    """The text at this place of a file that nobody has checked yet."""
    found = _dig(document, *path)
    is_word = isinstance(found, str | int) and not isinstance(found, bool)
    return str(found) if is_word else ""


def _dig(document: Any, *path: str) -> Any:
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _own_draft(slug: str, by: User) -> Study | None:
    own = Study.objects.for_role(by, Membership.Role.COORDINATOR)
    drafts = own.filter(state=Study.State.DRAFT, slug=slug)
    return drafts.select_related("cohort").first()


def _known(document: Any, draft: Study | None, by: User, replaces: bool) -> Known:
    name, slug = _word(document, "cohort", "name"), _word(document, "slug")
    cohort, cohort_problem = _cohort(name, draft, by)
    arms = _dig(document, "arms")
    people = [_dig(document, "people", section) for section in PEOPLE]
    names = [str(n) for some in people if isinstance(some, list) for n in some]
    return Known(
        by=by,
        cohort=cohort,
        cohort_problem=cohort_problem,
        slug_problem=_slug_problem(slug, draft, replaces),
        codes=frozenset(cohort.cases.values_list("code", flat=True) if cohort else ()),
        users=_accounts(names),
        arms=frozenset(
            _word(arm, "code") for arm in (arms if isinstance(arms, list) else ())
        ),
    )


def _accounts(names: list[str]) -> dict[str, User]:
    """Accounts by name, of as many names as any file may hold."""
    most = 1000
    found = User.objects.filter(username__in=list(dict.fromkeys(names))[:most])
    return {user.get_username(): user for user in found}


def _cohort(name: str, draft: Study | None, by: User) -> tuple[Cohort | None, str]:
    """The cohort, or what is wrong with its name."""
    if draft is None:
        cohort = Cohort.objects.visible_to(by).filter(name=name).first()
        return cohort, "" if cohort else _("You coordinate no cohort of this name.")
    if draft.cohort.name == name:
        return draft.cohort, ""
    said = _("The draft “%(draft)s” is of the cohort “%(cohort)s” and stays so.")
    return draft.cohort, said % {"draft": draft.slug, "cohort": draft.cohort.name}


def _slug_problem(slug: str, draft: Study | None, replaces: bool) -> str:
    if draft and not replaces:
        return _("There is a draft of this short name already.")
    return "" if draft else slug_problem(slug)


def _settings(checked: Mapping[str, Any], cohort: Cohort) -> dict[str, Any]:
    """Every setting: as the file says it, or its default."""
    blank, settings = blank_study(cohort), {}
    for name in SETTINGS:
        value = _dig(checked, *PLACES[name])
        # a blank study has the defaults
        settings[name] = getattr(blank, name) if value is None else value
    if isinstance(settings["question_set"], list):
        settings["question_set"] = OWN
    else:
        settings["own_questions"] = []
    return settings


def _refuse_problems(cohort: Cohort, settings: dict[str, Any]) -> None:
    study = Study(cohort=cohort)
    for name, value in settings.items():
        setattr(study, name, value)
    problems = settings_problems(study, settings)
    if problems:
        raise Refused(
            "\n".join(f"{'.'.join(PLACES[name])}: {said}" for name, said in problems)
        )
