"""How a reader likes to work; nothing of it decides what is shown."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Preferences(models.Model):
    """One person's own settings of the reading screen, in every study."""

    class Keys(models.TextChoices):
        TWO_HANDS = "two-hands", _("two hands: 1 2 3 4 and 7 8 9 0")
        LEFT_HAND = "left-hand", _("left hand: columns 1 Q A Z and 3 E D C")
        RIGHT_HAND = "right-hand", _("right hand: columns 8 I K , and 0 P ; /")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="reading_preferences"
    )
    keys = models.CharField(max_length=16, choices=Keys, default=Keys.TWO_HANDS)
    # confirm as soon as both sides are answered
    auto_advance = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user}"
