"""Marks sentences of pure code for the catalogue of translations."""


def gettext_noop(sentence: str) -> str:
    """The sentence as it is; `make messages` finds it by this function's name.

    Pure code raises and stores it in English. Pages look for the translation where
    they show it (`cases.wording`).
    """
    return sentence
