r"""Regular expressions of strangers: read, or refused with the place, and followed in a time that has a bound.

    >>> compiled(r"db-\d+").matches("db-17")
    True
    >>> Regex(r"(\w+)-(\d+)", JAVASCRIPT).sub(r"\g<2>", "disk on db-17")
    'disk on 17'

An expression becomes a program, and a text is read once, character by character, with all the steps of the program
that it may be at: nothing is tried twice, so that neither a match nor the search for one takes longer than the product
of their lengths. (Python's own `re` goes back and tries again, in the worst case for years.) So there are no references
to groups and no looking around, which need more than a step and a place to go on from.

Sources: Ken Thompson, "Regular Expression Search Algorithm", CACM 11(6), 1968; R. Cox, "Regular Expression Matching:
the Virtual Machine Approach"; "Syntax" of RE2's wiki; ECMA-262, "Patterns".
"""

from __future__ import annotations

from tocsin.regexes.expressions import Charge, Match, Regex, compiled
from tocsin.regexes.programs import RegexError
from tocsin.regexes.reading import JAVASCRIPT, RE2, Dialect

__all__ = ["JAVASCRIPT", "RE2", "Charge", "Dialect", "Match", "Regex", "RegexError", "compiled"]
