"""The groups of the cast (tests/cast.py) whom a door may let in."""

EVERYONE = frozenset(
    {
        "visitor",
        "stranger",
        "reader",
        "other study's reader",
        "coordinator",
        "statistician",
        "other study's coordinator",
        "administrator",
    }
)
LOGGED_IN = EVERYONE - {"visitor"}
UPLOADERS = frozenset({"coordinator", "other study's coordinator", "administrator"})
STUDY_LIST = UPLOADERS | {"statistician"}
OWN = frozenset({"coordinator"})
UNBLINDED = frozenset({"coordinator", "statistician"})
ADMINISTRATOR = frozenset({"administrator"})
READER = frozenset({"reader"})
