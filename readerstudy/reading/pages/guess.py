"""What the page of an arm guess is given: but for a token the same for every image."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from readerstudy.imaging.preprocessing import CROP, SHOWN_SLICES

from ..models import ArmGuess, Membership, Study

Words = str | Promise

# Physical keys, as in the room: the left hand's digits for what it is, the right
# hand's for how sure one is.
GUESS_KEYS = ("1", "2", "3")
CONFIDENCE_KEYS = ("6", "7", "8", "9", "0")
CONFIDENCE_WORDS: tuple[Words, ...] = (
    _("a mere guess"),
    _("unsure"),
    _("fairly sure"),
    _("sure"),
    _("certain"),
)


@dataclass(frozen=True)
class GuessChoice:
    value: str | int
    words: Words
    key: str


@dataclass(frozen=True)
class GuessPage:
    """The question after a grade: nothing here depends on the image."""

    token: str
    guesses: tuple[GuessChoice, ...]
    confidences: tuple[GuessChoice, ...]
    slices: int
    pixels: int
    interpolation: str
    pixels_url: str  # ends where the token is put behind
    submit_url: str
    lut_url: str


def guess_page(*, study: Study, guess: ArmGuess) -> GuessPage:
    some = reverse("reading:guess-pixels", args=[study.slug, guess.token])
    return GuessPage(
        token=guess.token,
        guesses=tuple(
            GuessChoice(value, words, key)
            for (value, words), key in zip(
                ArmGuess.Guess.choices, GUESS_KEYS, strict=True
            )
        ),
        confidences=tuple(
            GuessChoice(number, words, CONFIDENCE_KEYS[number - 1])
            for number, words in enumerate(CONFIDENCE_WORDS, start=1)
        ),
        slices=SHOWN_SLICES,
        pixels=CROP,
        interpolation=study.interpolation,
        pixels_url=some.removesuffix(f"{guess.token}/"),
        submit_url=reverse("reading:guess-submit", args=[study.slug]),
        lut_url=reverse("reading:lut-show", args=[study.lut]),
    )


def shown_guess(*, slug: str, token: str, user: User) -> ArmGuess:
    """The guess before `user` now; ArmGuess.DoesNotExist for any other token."""
    return (
        ArmGuess.objects.select_related(
            "read__arm", "read__case", "read__reader__study"
        )
        .defer("read__reader__study__protocol")
        .get(
            token=token,
            read__reader__user=user,
            read__reader__role=Membership.Role.READER,
            read__reader__simulated=False,
            read__reader__study__slug=slug,
            read__reader__study__state=Study.State.OPEN,
            first_shown_at__isnull=False,
            guessed_at__isnull=True,
        )
    )
