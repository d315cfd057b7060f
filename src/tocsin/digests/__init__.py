"""Keeping promises: what incidents have cost and who has answered, in figures and in the quiet summaries. Pure.

    >>> from tocsin.digests.figures import figures
    >>> figures(episodes, since, until, hours)
    Figures(incidents=12, pages=19, ...)

`Episode` is what is needed of an incident's state; `figures` counts; `Report` is what a summary tells, `telling` writes
it; `DigestMachine` knows when the next one is due.
"""
