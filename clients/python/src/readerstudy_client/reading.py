"""Reading by a reader's own program: as blind as the reading screen.

A program is told a token, “n of N” and the pixels of an image, and nothing else.
"""

from __future__ import annotations

import sys
import uuid
from array import array
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .studies import Session, session_of
from .told import moment, told
from .transport import Transport, part

# question → patient's side, or “image” → value; or the words of a text, or why it
# cannot be assessed; or {"value": …, "marks": [{"slice": …, "row": …, "column": …}, …]}
Answers = Mapping[str, Mapping[str, int | str | Mapping[str, Any]]]
SLICES, SIDE = 3, 64


@dataclass(frozen=True)
class Image:
    """Three slices of 64 rows of 64 grey values; the patient's right is at the left."""

    content: bytes

    def __post_init__(self) -> None:
        if len(self.content) != SLICES * SIDE * SIDE:
            raise ValueError("An image is 12288 bytes.")

    def row(self, slice_index: int, row: int) -> bytes:
        start = (slice_index * SIDE + row) * SIDE
        return self.content[start : start + SIDE]

    def half(self, side: str) -> bytes:
        """All grey values on the patient's right or left."""
        columns = slice(0, SIDE // 2) if side == "right" else slice(SIDE // 2, SIDE)
        rows = (self.row(n, row) for n in range(SLICES) for row in range(SIDE))
        return b"".join(row[columns] for row in rows)


OUTSIDE = 32768


@dataclass(frozen=True)
class Stage:
    """How whole stacks come: levels 0 to 4095, from the value `low` to `high`.

    images: 2 where they come in pairs. windows: title, and the values drawn black and
    white.
    """

    slices: int
    rows: int
    columns: int
    images: int
    low: float
    high: float
    unit: str
    windows: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Stacks:
    """A whole stack, or two of a pair, the left one of the screen first."""

    content: bytes
    stage: Stage

    def __post_init__(self) -> None:
        stage = self.stage
        pixels = stage.images * stage.slices * stage.rows * stage.columns
        if len(self.content) != 2 * pixels:
            raise ValueError(f"An image of this study is {2 * pixels} bytes.")

    def levels(self, slice_index: int, *, image: int = 0) -> array[int]:
        """One slice, row by row; column 0 is at the left of the screen.

        OUTSIDE instead of a level: a smaller stack has no image there.
        """
        size = 2 * self.stage.rows * self.stage.columns
        start = (image * self.stage.slices + slice_index) * size
        found = array("H", self.content[start : start + size])
        if sys.byteorder == "big":
            found.byteswap()
        return found

    def value(self, level: int) -> float:
        """In the unit of the stage."""
        return self.stage.low + level * (self.stage.high - self.stage.low) / 4095


Shown = Image | Stacks


@dataclass(frozen=True)
class Due:
    """What may be done now; all but `state` are told with a read only.

    state: read, guess, training, conditions, review, pause, finished or closed.
    next: token of the read after it. ahead: the pixels of that one, if they came.
    again: what is told with a read that is answered once more.
    """

    state: str
    token: str = ""
    number: int = 0
    of: int = 0
    next: str | None = None
    again: dict[str, Any] | None = None
    ahead: Image | None = None


def due_of(plain: Mapping[str, Any]) -> Due:
    pixels = plain.get("pixels")
    return told(Due, plain, ahead=Image(b64decode(pixels)) if pixels else None)


@dataclass(frozen=True)
class Answer:
    value: int
    words: str


@dataclass(frozen=True)
class Question:
    """Asked for each side of the patient, or of the whole image; answers from the
    lowest on. kind: grade, likert, choice, confidence, fidelity or text."""

    key: str
    words: str
    sides: tuple[str, ...]
    answers: tuple[Answer, ...]
    kind: str = "grade"


@dataclass(frozen=True)
class Asked:
    """What the study asks and how it shows images: the same for every read."""

    questions: tuple[Question, ...]
    reasons: tuple[str, ...]
    slices: int
    side: int
    interpolation: str
    least_side: int
    break_after: int
    window_adjustable: bool
    changes: str
    stack: Stage | None = None  # None: three slices


@dataclass(frozen=True)
class ReadingState:
    """A study as its reader sees it: what is done and what comes next."""

    slug: str
    title: str
    awaits: str
    done: int
    total: int
    sessions: tuple[Session, ...]
    opens_at: datetime | None
    is_open: bool
    may_change: bool
    reopened: int
    guesses: int


def state_of(plain: Mapping[str, Any]) -> ReadingState:
    return told(
        ReadingState,
        plain,
        sessions=tuple(map(session_of, plain["sessions"])),
        opens_at=moment(plain["opens_at"]),
    )


class Reading:
    """One study, read by the owner of the token."""

    def __init__(self, slug: str, transport: Transport) -> None:
        self.slug, self._transport = slug, transport

    def _path(self, rest: str = "") -> str:
        return f"reading/{part(self.slug)}/{rest}"

    def _post(self, rest: str, body: Any = None) -> Any:
        """Everything here is the same once, however often it is sent."""
        return self._transport.send("POST", self._path(rest), body, keyed=False)

    def state(self) -> ReadingState:
        return state_of(self._transport.get(self._path()))

    def asked(self) -> Asked:
        plain = self._transport.get(self._path("asked/"))
        questions = tuple(
            Question(
                key=one["key"],
                words=one["words"],
                sides=tuple(one["sides"]),
                answers=tuple(told(Answer, answer) for answer in one["answers"]),
                kind=one.get("kind", "grade"),
            )
            for one in plain["questions"]
        )
        stack = plain.get("stack")
        return told(
            Asked,
            plain,
            questions=questions,
            reasons=tuple(plain["reasons"]),
            stack=told(Stage, stack, windows=tuple(stack["windows"]))
            if stack
            else None,
        )

    def next(self) -> Due:
        """Begin, or go on. A read that is told of counts as shown."""
        return due_of(self._post("next/"))

    def image(self, token: str, *, of: str = "") -> Image:
        """Three slices. of: "training/" or "guess/" for the images of these."""
        return Image(self._pixels(token, of))

    def stacks(self, token: str, stage: Stage, *, of: str = "") -> Stacks:
        """Whole stacks; stage: as `asked` tells it."""
        return Stacks(self._pixels(token, of), stage)

    def _pixels(self, token: str, of: str) -> bytes:
        path = self._path(f"{of}pixels/{part(token)}/")
        kind = "application/octet-stream"
        return self._transport.request("GET", path, accept=kind)

    def submit(
        self, token: str, answers: Answers, *, key: str = "", **observed: Any
    ) -> Due:
        """Answer the read; told is what is due then.

        key: the same again is the same answer once; a new one by default. observed:
        `comment`, and what the screen noticed: `spent_ms`, `away_ms`, `window`, …
        """
        given = {"token": token, "answers": answers, **observed}
        given["key"] = key or uuid.uuid4().hex
        return due_of(self._post("answers/", given))

    def undo(self) -> Due:
        """Take the last answer back."""
        return due_of(self._post("undo/"))

    def answers(self) -> Iterator[dict[str, Any]]:
        """The own answers that may be changed now."""
        return self._transport.pages(self._path("answers/"))

    def revisit(self, session: int, number: int, *, reason: str) -> Due:
        """Open an answered read again; it is due at once."""
        given = {"session": session, "number": number, "reason": reason}
        self._transport.send("POST", self._path("revisit/"), given)
        return self.next()

    def finish(self) -> ReadingState:
        """End a session that is answered and reviewed."""
        return state_of(self._post("finish/"))

    def conditions(self) -> tuple[dict[str, Any], bytes]:
        """What is asked before a session, and the test pattern as PNG."""
        asked = self._post("conditions/")
        path = self._path("conditions/pattern/")
        return asked, self._transport.request("GET", path, accept="image/png")

    def tell_conditions(self, **told_of: Any) -> bool:
        """Whether both numbers of the pattern were seen."""
        return bool(self._post("conditions/answer/", told_of)["passed"])

    def guess(self) -> tuple[dict[str, Any], Image]:
        """The question about an image that is graded, and that image."""
        asked = self._post("guess/")
        return asked, self.image(asked["token"], of="guess/")

    def tell_guess(self, token: str, guess: str, confidence: int | None = None) -> Due:
        given = {"token": token, "guess": guess, "confidence": confidence}
        return due_of(self._post("guess/answers/", given))

    def train(self, grade: Callable[[Image], Answers]) -> dict[str, Any]:
        """Once through the training set; what it came to, beside the key."""
        self._post("training/start/")
        due = self._post("training/next/")
        while due["state"] == "read":
            answers = grade(self.image(due["token"], of="training/"))
            given = {"token": due["token"], "answers": answers}
            due = self._post("training/answers/", given)["next"]
        result: dict[str, Any] = self._transport.get(self._path("training/result/"))
        return result

    def read_all(self, grade: Callable[[Any], Answers]) -> Due:
        """Read on until something else than a read is due, and say what.

        grade: Image, or Stacks where whole stacks are read, → answers. Sessions that
        are answered are ended; where the next one may begin at once, it is.
        """
        due, stage = self.next(), self.asked().stack
        while due.state in ("read", "review"):
            if due.state == "read":
                shown: Shown = (
                    self.stacks(due.token, stage) if stage else self.image(due.token)
                )
                due = self.submit(due.token, grade(shown))
            else:
                self.finish()
                due = self.next()
            if due.state == "pause":
                due = self.next()
        return due
