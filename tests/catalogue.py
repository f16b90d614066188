"""A .po file as plain values, read with the standard library alone."""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}")


@dataclass
class Entry:
    flags: set[str] = field(default_factory=set)
    fields: dict[str, str] = field(default_factory=dict)  # msgid, msgstr[0], …

    @property
    def key(self) -> str:
        """As gettext keeps it: the context stands before the text."""
        context = self.fields.get("msgctxt")
        text = self.fields["msgid"]
        return text if context is None else f"{context}\x04{text}"

    @property
    def originals(self) -> list[str]:
        return [v for k, v in self.fields.items() if k in ("msgid", "msgid_plural")]

    @property
    def translations(self) -> list[str]:
        return [v for k, v in self.fields.items() if k.startswith("msgstr")]


def read_catalogue(path: Path) -> list[Entry]:
    """Every entry but the header."""
    entries = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        entry, name = Entry(), ""
        for line in block.splitlines():
            if line.startswith("#,"):
                entry.flags |= {flag.strip() for flag in line[2:].split(",")}
            elif found := re.match(r"(msg\S+) (.*)", line):
                name, text = found.groups()
                entry.fields[name] = ast.literal_eval(text)
            elif line.startswith('"'):
                entry.fields[name] += ast.literal_eval(line)
        if entry.fields.get("msgid"):
            entries.append(entry)
    return entries


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text)) - {"%%"}
