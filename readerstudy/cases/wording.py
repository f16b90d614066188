"""Sentences that were written down in English, in the language of who reads them.

Workers and pure code know no reader's language. They mark their sentences with
gettext_noop, put numbers and names in, and raise or store the English; here the
sentence is found again in the catalogue, with what was put in.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import get_language, gettext, gettext_noop
from django.utils.translation.trans_real import translation

from readerstudy.imaging.errors import Refused

# What imaging.preprocessing refuses with. It is marked here because the cards of
# weights hold a hash of that module's code, by which one knows what they learned from.
OF_PREPROCESSING = (
    gettext_noop("The image holds no counts: every pixel is zero or negative."),
    gettext_noop(
        "Its slices are %(columns)s×%(rows)s pixels, but at least "
        "%(crop)s×%(crop)s are needed."
    ),
    gettext_noop(
        "Slice %(number)s of %(slices)s is too near the end of the image: "
        "%(needed)s slices are needed on each side of it."
    ),
    gettext_noop("Slice %(number)s of %(slices)s holds no counts."),
)

PLACE = re.compile(r"%\((\w+)\)[.\d]*[a-z]")
LONGEST = 1000  # of what is looked for; nothing of ours is as long
LEAST_LITERAL = 8  # letters; a shorter frame could fit anything


def told(sentence: str) -> str:
    """The sentence in the current language; as it is where no translation fits."""
    if not sentence or len(sentence) > LONGEST:
        return sentence
    found = gettext(sentence)
    if found != sentence:
        return found
    for frame, original in _frames(get_language() or "en"):
        if match := frame.fullmatch(sentence):
            # what was put in may be such a sentence itself
            values = {name: told(value) for name, value in match.groupdict().items()}
            return PLACE.sub(r"%(\1)s", gettext(original)) % values
    return sentence


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """Whoever asked reads on the next page why what is tried here was refused."""
    try:
        yield
    except Refused as refusal:
        messages.error(request, told(str(refusal)))


@lru_cache(maxsize=8)
def _frames(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every sentence of a language's catalogue with places; the most literal first."""
    catalogue = translation(language)._catalog  # type: ignore[attr-defined]
    originals = {key for key, _ in catalogue.items() if isinstance(key, str)}
    framed = [(PLACE.sub("", one), one) for one in originals if PLACE.search(one)]
    framed = [
        one for one in framed if len(re.findall("[A-Za-z]", one[0])) >= LEAST_LITERAL
    ]
    framed.sort(key=lambda one: (-len(one[0]), one[1]))
    return tuple((_frame(original), original) for _, original in framed)


def _frame(original: str) -> re.Pattern[str]:
    """What the sentence looks like once its places are filled."""
    pattern, end, seen = "", 0, set()
    for place in PLACE.finditer(original):
        pattern += re.escape(original[end : place.start()].replace("%%", "%"))
        name = place[1]
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
        seen.add(name)
        end = place.end()
    pattern += re.escape(original[end:].replace("%%", "%"))
    return re.compile(pattern, re.DOTALL)
