"""HTML that this program wrote, as a tree; nothing is repaired."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "img", "source", "input", "meta", "link", "hr", "wbr"})
UNSEEN = frozenset({"script", "style", "form", "nav", "noscript", "template", "button"})


@dataclass
class Node:
    """One element; children are elements and texts in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(self.attributes.get("class", "").split())

    @property
    def is_printed(self) -> bool:
        return self.tag not in UNSEEN and not {"no-print", "unseen"} & self.classes

    def elements(self, *tags: str) -> Iterator["Node"]:
        """Printed elements of these tags below this one, in order."""
        for child in self.children:
            if isinstance(child, Node) and child.is_printed:
                if child.tag in tags:
                    yield child
                yield from child.elements(*tags)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("document")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, {n: v or "" for n, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self.open[1:]):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(html: str) -> Node:
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.open[0]
