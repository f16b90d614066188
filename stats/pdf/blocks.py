"""The page's HTML as blocks of plain data, for whoever sets them on paper.

A run is {"t": text, "s": style letters}: b bold, i italic, c code, m muted and small,
u raised, d lowered; or {"t": "\\n"} for a new line. A run that points at a place of the
report has it as "l"; such places are blocks of their own. Texts are what people see,
with spaces collapsed. Whatever is marked no-print is left out; what a page folds away
is there.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from .tree import Node, parse

Run = dict[str, str]
Block = dict[str, Any]

STYLES = {
    **dict.fromkeys(("b", "strong", "th"), "b"),
    **dict.fromkeys(("i", "em"), "i"),
    **dict.fromkeys(("code", "kbd"), "c"),
    "small": "m",
    "sup": "u",
    "sub": "d",
}
HEADINGS = {"h1": 1, "h2": 1, "h3": 2, "h4": 3}
BREAKING = frozenset({"p", "div", "li", "ul", "ol", "tr", "summary", "figcaption"})
BLOCKS = frozenset(
    {"section", "div", "p", "dl", "table", "ul", "ol", "figure", "details", "summary"}
) | frozenset(HEADINGS)
SPACES = re.compile(r"[ \t\r\n\f]+")
# Letters of a line of 8 pt on a page of A4; more columns are set smaller.
LINE_LETTERS, FULL, LEAST = 118, 8.5, 5.2
SHORT = 45  # lines of a table that stays on one page
BROKEN = 22  # letters after which a cell's line may well be broken


def blocks_of(html: str) -> list[Block]:
    found, places = [], set()
    for one in _blocks(parse(html)):
        if one["kind"] == "place":
            if one["name"] in places:
                continue
            places.add(one["name"])
        found.append(one)
    for one, following in zip(found, [*found[1:], {}], strict=True):
        if one["kind"] == "table":
            one["captioned"] = one["short"] and bool(following.get("small"))
    return found


def _blocks(node: Node) -> Iterator[Block]:
    loose: list[Node | str] = []
    for child in node.children:
        if isinstance(child, str) or child.tag not in BLOCKS:
            loose.append(child)
            continue
        yield from _paragraph(loose)
        loose = []
        if child.is_printed:
            if place := child.attributes.get("id"):
                yield {"kind": "place", "name": place}
            yield from _block(child)
    yield from _paragraph(loose)


def _block(node: Node) -> Iterator[Block]:
    if node.tag in HEADINGS:
        yield {"kind": "heading", "level": HEADINGS[node.tag], "runs": runs(node)}
    elif "notice" in node.classes:
        inside = [*_paragraph([node])] if node.tag == "p" else [*_blocks(node)]
        yield {"kind": "notice", "blocks": inside}
    elif node.tag == "p":
        yield from _paragraph([node], small="small" in node.classes)
    elif node.tag == "summary":
        yield {"kind": "heading", "level": 2, "runs": runs(node)}
    elif node.tag == "dl":
        folded = [*_folded(node)]
        yield _facts(node)
        yield from folded
    elif node.tag == "table":
        yield from _table(node)
    elif node.tag in ("ul", "ol"):
        items = [runs(one) for one in node.children if isinstance(one, Node)]
        yield {"kind": "list", "ordered": node.tag == "ol", "items": items}
    elif node.tag == "figure":
        yield from _figure(node)
    else:
        yield from _blocks(node)


def _paragraph(nodes: Iterable[Node | str], *, small: bool = False) -> Iterator[Block]:
    found = _tidy(_runs(nodes, ""))
    if found:
        yield {"kind": "text", "small": small, "runs": found}


def _facts(node: Node) -> Block:
    pairs = []
    for one in node.elements("div"):
        term, text = next(one.elements("dt"), None), next(one.elements("dd"), None)
        if term and text:
            text.children = [
                child
                for child in text.children
                if isinstance(child, str) or child.tag != "details"
            ]
            wide = "wide" in one.classes
            pairs.append({"term": runs(term), "text": runs(text), "wide": wide})
    return {"kind": "facts", "pairs": pairs}


def _folded(node: Node) -> Iterator[Block]:
    """Tables that stand inside of a fact; as a fact it has its words alone."""
    for one in node.elements("details"):
        summary = next(one.elements("summary"), None)
        yield from _paragraph([summary] if summary else [])
        for table in one.elements("table"):
            yield from _table(table)


def _figure(node: Node) -> Iterator[Block]:
    image = next(node.elements("img"), None)
    if image is None:
        yield from _blocks(node)
        return
    caption = next(node.elements("figcaption"), None)
    yield {
        "kind": "figure",
        "name": node.attributes.get("id", "").removeprefix("figure-"),
        "alt": image.attributes.get("alt", ""),
        "caption": runs(caption) if caption else [],
    }


def _table(node: Node) -> Iterator[Block]:
    for caption in node.elements("caption"):
        yield from _paragraph([caption])
    head = [_cells(row) for part in node.elements("thead") for row in _rows(part)]
    body = [_cells(row) for part in node.elements("tbody") for row in _rows(part)]
    head, body = _without_pictures(head, body)
    columns = max((_width(row) for row in (*head, *body)), default=0)
    if not columns:
        return
    size = max(LEAST, min(FULL, 8 * LINE_LETTERS / max(1, _letters(head + body))))
    yield {
        "kind": "table",
        "columns": columns,
        "head": head,
        "body": body,
        "size": round(size, 2),
        "short": sum(map(_lines, body)) <= SHORT,
        "captioned": False,
    }


def _without_pictures(*parts: list[list[Block]]) -> list[list[list[Block]]]:
    """Pictures in tables are of the page; the figures of the report show them, too.

    Their columns are left out where every row has them at the same place.
    """
    rows = [row for part in parts for row in part]
    pictured = {
        place for row in rows for place, cell in enumerate(row) if cell["pictured"]
    }
    plain = all(cell["across"] == cell["down"] == 1 for row in rows for cell in row)
    if not pictured or not plain:
        return list(parts)
    return [
        [[c for place, c in enumerate(row) if place not in pictured] for row in part]
        for part in parts
    ]


def _rows(node: Node) -> list[Node]:
    return [n for n in node.children if isinstance(n, Node) and n.tag == "tr"]


def _cells(row: Node) -> list[Block]:
    marked = bool({"control", "total"} & row.classes)
    cells = [n for n in row.children if isinstance(n, Node) and n.tag in ("td", "th")]
    return [
        {
            "runs": runs(cell),
            "number": "number" in cell.classes,
            "across": int(cell.attributes.get("colspan") or 1),
            "down": int(cell.attributes.get("rowspan") or 1),
            "heads": cell.tag == "th" and cell.attributes.get("scope") == "row",
            "marked": marked,
            "pictured": any(True for _ in cell.elements("img")),
        }
        for cell in cells
    ]


def _width(row: list[Block]) -> int:
    return sum(cell["across"] for cell in row)


def _letters(rows: list[list[Block]]) -> int:
    """Of the longest line of each column together, very long ones broken."""
    longest: dict[int, int] = {}
    for row in rows:
        place = 0
        for cell in row:
            text = "".join(run["t"] for run in cell["runs"])
            letters = 2 + min(BROKEN, max(map(_ems, text.split("\n")), default=0))
            if cell["across"] == 1:
                longest[place] = max(longest.get(place, 0), letters)
            place += cell["across"]
    return sum(longest.values())


def _lines(row: list[Block]) -> int:
    """About how many a row takes."""
    texts = ["".join(run["t"] for run in cell["runs"]) for cell in row]
    return max(
        (sum(1 + _ems(line) // 30 for line in text.split("\n")) for text in texts),
        default=0,
    )


def _ems(line: str) -> int:
    """Letters, a Japanese one counted as two."""
    return sum(2 if letter > "\u2e7f" else 1 for letter in line)


def runs(node: Node) -> list[Run]:
    """What an element says, without its own style."""
    return _tidy(_runs(node.children, ""))


def _runs(children: Iterable[Node | str], style: str) -> Iterator[Run]:
    for child in children:
        if isinstance(child, str):
            yield {"t": SPACES.sub(" ", child), "s": style}
        elif child.tag == "br":
            yield {"t": "\n", "s": ""}
        elif child.is_printed and child.tag != "svg":
            breaks = child.tag in BREAKING
            if breaks:
                yield {"t": "\n", "s": ""}
            more = STYLES.get(child.tag, "")
            if "muted" in child.classes and "m" not in style + more:
                more += "m"
            place = child.attributes.get("href", "")
            for run in _runs(child.children, style + more):
                yield {**run, "l": place[1:]} if place.startswith("#") else run
            if breaks:
                yield {"t": "\n", "s": ""}


def _tidy(found: Iterable[Run]) -> list[Run]:
    """Without spaces at either end of a line, empty lines and empty runs."""
    tidy: list[Run] = []
    for run in found:
        starts_line = not tidy or tidy[-1]["t"].endswith("\n")
        text = run["t"]
        if text == "\n":
            if tidy and tidy[-1]["t"] != "\n":
                tidy[-1] = {**tidy[-1], "t": tidy[-1]["t"].rstrip(" ")}
                tidy.append(run)
            continue
        if starts_line or tidy[-1]["t"].endswith(" "):
            text = text.lstrip(" ")
        if text:
            tidy.append({**run, "t": text})
    while tidy and not tidy[-1]["t"].strip(" \n"):
        tidy.pop()
    if tidy:
        tidy[-1] = {**tidy[-1], "t": tidy[-1]["t"].rstrip(" ")}
    return tidy
