"""YAML as plain data, read strictly: what a person wrote is what is taken.

Only `true` and `false`, `null` and whole numbers in their usual spelling are anything
but text. `no` and `on`, 2026-11-21, 1:30, 0x1F and 007 stay what was written, and a
decimal number keeps its digits. Tags, anchors and aliases are refused.
"""

import re
from decimal import Decimal
from typing import Any

import yaml
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12


def _refusal(why: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=why, problem_mark=mark)


def is_storable(text: str) -> bool:
    """Escapes can name what neither a database nor UTF-8 takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _refusal(_("anchors (&) and aliases (*) are not used here"), mark)
        if event.tag is not None:
            raise _refusal(_("tags (!) are not used here"), mark)
        if self.depth == MAX_DEPTH:
            raise _refusal(_("it is nested too deeply"), mark)
        self.depth += 1
        try:
            node = super().compose_node(parent, index)
        finally:
            self.depth -= 1
        if isinstance(node, yaml.ScalarNode) and not is_storable(node.value):
            raise _refusal(_("it holds a character that no text has"), mark)
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        taken = set()
        for key, _value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refusal(_("a key must be a word"), key.start_mark)
            if key.value in taken:
                said = _("the key “%s” is there twice") % key.value
                raise _refusal(said, key.start_mark)
            taken.add(key.value)
        return dict(super().construct_mapping(node, deep=deep))


for tag, pattern, first in (
    ("null", "(?:~|null|)", ["~", "n", ""]),
    ("bool", "(?:true|false|True|False)", list("tfTF")),
    ("int", "(?:0|-?[1-9][0-9]{0,8})", list("-0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(rf"^{pattern}\Z"), first
    )


def yaml_read(content: bytes) -> Any:
    """The one document of the file; Refused with line and column of what is wrong."""
    if len(content) > MAX_BYTES:
        raise Refused(
            _("The file is too large: at most %(limit)d kB.")
            % {"limit": MAX_BYTES // 1024}
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(_("The file is not text in UTF-8.")) from error
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Refused(_located(mark, error.problem or "")) from error
    except yaml.reader.ReaderError as error:
        raise Refused(_("The file is not YAML: %s") % error.reason) from error
    except (ValueError, OverflowError) as error:  # escapes and versions of any size
        raise Refused(
            _("The file is not YAML: a number or an escape in it is too large.")
        ) from error


def _located(mark: yaml.Mark | None, why: str) -> str:
    if mark is None:
        return _("The file is not YAML: %s") % why
    return _("Line %(line)d, column %(column)d: %(why)s") % {
        "line": mark.line + 1,
        "column": mark.column + 1,
        "why": why,
    }


class _Dumper(yaml.SafeDumper):
    """Quotes whatever any program could take for something but text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    text = str(text)  # choices of a model are more than text
    # folding would not keep every kind of line end
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _decimal(dumper: yaml.SafeDumper, number: Decimal) -> yaml.ScalarNode:
    digits = format(number, "f")
    digits = digits if "." in digits else f"{digits}.0"
    return dumper.represent_scalar("tag:yaml.org,2002:float", digits)


_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(str, _text)
_Dumper.add_representer(Decimal, _decimal)


def yaml_write(data: Any) -> str:
    """Plain data in the order in which it is given; yaml_read gives it back, with
    numbers of a Decimal as text."""
    written: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=88
    )
    return written
