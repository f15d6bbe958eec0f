# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers and names as they are printed in a figure, and the refusal of a file that cannot be drawn."""
import math

MINUS, ELLIPSIS = "\N{MINUS SIGN}", "\N{HORIZONTAL ELLIPSIS}"
NOTHING_TO_DRAW, WRONG_USAGE, WRONG_FILE = 1, 2, 4  # exit codes, as of `osteon`
LONGEST = 600  # characters of a name; the rest of a longer one is left out


class Refused(Exception):
    """The reason why there is no figure, for the reader, and the exit code."""

    def __init__(self, message, code=NOTHING_TO_DRAW):
        super().__init__(message)
        self.code = code


def plain(value):
    """A text of the file as one line: without control characters, at most LONGEST characters."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = " ".join("".join(c if c.isprintable() or c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in
                            text[:4 * LONGEST]).split())
    return text if len(text) <= LONGEST else text[:LONGEST - 1] + ELLIPSIS


def in_words(name):
    """ "lumbar_spine" as "lumbar spine"; a symbol, as "k_C", as it is."""
    name = plain(name)
    return name if name[1:2] == "_" and name.count("_") == 1 else name.replace("_", " ")


def capitalised(text):
    return text[:1].upper() + text[1:]


def number(value, decimals=0):
    """ "-12345.6" as "-12,346" with a minus sign; never "-0"."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", MINUS)


def counted(n, what):
    return f"{number(n)} {what}{'s' * (n > 1)}"


def decimals_of(step):
    """Decimals that tell ticks apart which are `step` from each other: 2 for 0.25."""
    decimals = 0
    while decimals < 9 and abs(step * 10 ** decimals - round(step * 10 ** decimals)) > 1e-6 * step * 10 ** decimals:
        decimals += 1
    return decimals


def power_of_ten(largest):
    """(factor, its text) that brings values to a readable size: (1e-3, "10^-3 " in superscripts) for 0.0042."""
    if not math.isfinite(largest) or largest == 0 or 0.02 <= largest < 1e6:
        return 1.0, ""
    exponent = 3 * math.floor((math.log10(largest) + 1) / 3)
    return 10.0 ** exponent, "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")) + " "
