"""Forced choices: abilities of the arms, and what was answered pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..outcomes import estimated
from ..preference import LEFT, RIGHT, TIE
from ..reporting.preference_section import PreferredQuestion
from ..reporting.report import Report
from .marks import (
    Mark,
    MarkRow,
    Marks,
    draw_marks,
    ends,
    hollow_words,
    marks_table,
)
from .picture import Picture, Table, sentence, told_with
from .questions import OfQuestion
from .shares import ShareRow, Shares, draw_shares
from .style import Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Abilities(OfQuestion):
    """How much each arm is preferred, on the scale of the model."""

    preferred: PreferredQuestion
    kind = "abilities"

    @cached_property
    def marks(self) -> Marks:
        rows = tuple(
            MarkRow(one.arm.title, (Mark(one.found.ability, one.found.interval),))
            for one in self.preferred.abilities
        )
        reach = max([0.5, *(abs(x) for row in rows for x in ends(row.marks))])
        return Marks(
            rows=rows,
            series=(_("all readers"),),
            codes=("all",),
            axis=_("Ability (logarithm of the odds), from the mean of all arms"),
            limits=(-reach, reach),
            zero=True,
        )

    @property
    def title(self) -> str:
        return _("Abilities of the arms, “%(question)s”") % {"question": self.words}

    @property
    def caption(self) -> str:
        words = _(
            "Model of Bradley and Terry of %(n)s choices, with 95 %% intervals "
            "clustered by patient (n = %(patients)s). Further right: preferred more "
            "often."
        ) % {"n": self.preferred.choices, "patients": self.preferred.patients}
        return " ".join(one for one in (words, hollow_words(self.marks)) if one)

    @property
    def alt(self) -> str:
        return sentence(
            [
                _("%(arm)s: ability %(ability)s")
                % {
                    "arm": one.arm.title,
                    "ability": told_with(one.found.ability, one.found.interval),
                }
                for one in self.preferred.abilities
            ]
        )

    @property
    def size(self) -> tuple[float, float]:
        return self.marks.size

    @property
    def table(self) -> Table:
        return marks_table(self.marks, row="arm", series="readers", value="ability")

    def draw(self, figure: Figure, theme: Theme) -> None:
        draw_marks(figure, theme, self.marks)


@dataclass(frozen=True)
class PairBars(OfQuestion):
    """What was answered of every pair."""

    preferred: PreferredQuestion
    kind = "choices"

    @property
    def shares(self) -> Shares:
        ties = self.preferred.allows_ties
        rows = tuple(
            ShareRow(
                f"{one.first.title} / {one.second.title}",
                (one.all.for_first, *([one.all.ties] * ties), one.all.for_second),
            )
            for one in self.preferred.pairs
        )
        words = (
            _("the first one preferred"),
            *([_("no difference")] * ties),
            _("the second one preferred"),
        )
        values = (LEFT, *([TIE] * ties), RIGHT)
        return Shares(rows, values, words, _("Share of the choices"), _("no answer"))

    @property
    def title(self) -> str:
        return _("Choices between two arms, “%(question)s”") % {"question": self.words}

    @property
    def caption(self) -> str:
        words = _(
            "Of every pair of arms the answers of all readers, first readings; 1: the "
            "first one of the pair is preferred, 2: the second one."
        )
        tie = _("3: no difference.")
        return f"{words} {tie}" if self._ties else words

    @property
    def _ties(self) -> bool:
        return self.preferred.allows_ties

    @property
    def alt(self) -> str:
        return self.shares.said

    @property
    def size(self) -> tuple[float, float]:
        return self.shares.size

    @property
    def table(self) -> Table:
        found = self.shares.table("answer")
        return Table(("pair", *found.header[1:]), found.rows)

    def draw(self, figure: Figure, theme: Theme) -> None:
        ends = (theme.series[0], theme.series[1])
        middle = (theme.same,) * self._ties
        draw_shares(figure, theme, self.shares, (ends[0], *middle, ends[1]))


def preference_figures(report: Report) -> list[Picture]:
    found: list[Picture] = []
    if report.preferences is None:
        return found
    for one in report.preferences.questions:
        if any(estimated(line.found.ability) is not None for line in one.abilities):
            found.append(Abilities(one.question, one))
        if one.pairs:
            found.append(PairBars(one.question, one))
    return found
