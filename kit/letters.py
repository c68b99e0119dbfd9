"""The font of our pictures and papers. It comes in a wheel, so that a bare machine has it too."""

from fontpkg_fira_sans import ROOT

# Latin, Greek, Cyrillic and Vietnamese letters.
REGULAR = ROOT / "files" / "FiraSans-Regular.ttf"
BOLD = ROOT / "files" / "FiraSans-SemiBold.ttf"

# Signs of currencies that the font lacks, as ISO codes.
_LACKING = str.maketrans({"₱": "PHP ", "₸": "KZT ", "₵": "GHS ", "₲": "PYG "})


def written(text: str) -> str:
    """`text` in letters that the font has."""
    return text.translate(_LACKING)
