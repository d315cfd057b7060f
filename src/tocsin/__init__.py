"""Tocsin, an alarm bell for teams: takes every alert, loses none, asks the one right person first."""

__version__ = "0.1.0"
