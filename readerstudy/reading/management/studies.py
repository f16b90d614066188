"""How commands fetch the study that they were given the short name of."""

from django.core.management.base import CommandError

from readerstudy.reading.models import Study


def named_study(slug: str) -> Study:
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise CommandError(f"There is no study “{slug}”.")
    return study


def planned_study(slug: str) -> Study:
    """One that was opened, so that there is a plan to ask about."""
    study = named_study(slug)
    if study.state == Study.State.DRAFT:
        raise CommandError(f"“{slug}” is a draft: no plan is drawn yet.")
    return study
