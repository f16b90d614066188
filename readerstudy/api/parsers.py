"""JSON as it comes from outside."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MOST_LEVELS = 64


class PlainJSONParser(JSONParser):
    """Refuses what no database takes: NUL, half characters, what is nested too deep."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            found = super().parse(*args, **kwargs)
        except RecursionError as error:
            raise ParseError(_too_deep()) from error
        _check(found, 0)
        return found


def _check(found: Any, level: int) -> None:
    if level > MOST_LEVELS:
        raise ParseError(_too_deep())
    match found:
        case str():
            if "\0" in found or any("\ud800" <= letter <= "\udfff" for letter in found):
                raise ParseError(_("The JSON holds a character that is none."))
        case dict():
            for key, value in found.items():
                _check(key, level + 1)
                _check(value, level + 1)
        case list():
            for value in found:
                _check(value, level + 1)


def _too_deep() -> str:
    return _("The JSON is nested more than %d levels deep.") % MOST_LEVELS
