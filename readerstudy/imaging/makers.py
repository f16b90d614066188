"""Makers of cameras by one name each.

Manufacturer is free text in which anything can stand, so only a name of this table
leaves a file.
"""

import re

# word or words with which Manufacturer begins, in lower case → the maker
MAKERS = {
    "accuray": "Accuray",
    "adac": "Philips",
    "anyscan": "Mediso",
    "canon": "Canon",
    "cti": "Siemens",
    "cps": "Siemens",
    "digirad": "Digirad",
    "elekta": "Elekta",
    "elscint": "Elscint",
    "fujifilm": "Fujifilm",
    "ge": "GE",
    "general electric": "GE",
    "gems": "GE",
    "hermes": "Hermes",
    "hitachi": "Hitachi",
    "marconi": "Philips",
    "mediso": "Mediso",
    "mie": "MiE",
    "mim": "MIM Software",
    "neusoft": "Neusoft",
    "philips": "Philips",
    "picker": "Philips",
    "reader study simulation": "Reader study simulation",
    "shimadzu": "Shimadzu",
    "siemens": "Siemens",
    "smv": "GE",
    "sopha": "GE",
    "spectrum dynamics": "Spectrum Dynamics",
    "spectrum-dynamics": "Spectrum Dynamics",
    "syntermed": "Syntermed",
    "tomotherapy": "Accuray",
    "toshiba": "Canon",
    "trionix": "Trionix",
    "uih": "United Imaging",
    "united imaging": "United Imaging",
    "varian": "Varian",
}
_BEGINS = re.compile(
    "(" + "|".join(sorted(map(re.escape, MAKERS), key=len, reverse=True)) + r")\b"
)


def known_maker(manufacturer: str) -> str:
    """The maker that the text names; "" for any other text."""
    found = _BEGINS.match(manufacturer.strip().lower().replace("_", " "))
    return MAKERS[found[1]] if found else ""
