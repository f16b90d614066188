"""`{{ sentence|told }}`: what a worker wrote down, in the language of who reads it."""

from django import template

from readerstudy.imaging.study_types import STUDY_TYPES

from ..wording import told

register = template.Library()
register.filter("told", told)


@register.filter
def type_name(key: str) -> str:
    """What a study type is called for short: its title up to the colon."""
    title = told(STUDY_TYPES[key].title) if key in STUDY_TYPES else key
    return title.replace("：", ":").partition(":")[0]
