"""The one way in which this project says no to what it was given."""


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """Input that cannot be used; `str(error)` is a sentence for the user.

    It names the file or field and says what is wrong in the user's own words,
    so a page may show it as it is.
    """
