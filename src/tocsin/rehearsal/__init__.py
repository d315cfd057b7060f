"""Rehearsals: escalation policies on virtual time, against a model of a team and a stream of alerts.

What is true of the team stands in `model`, `stream` and `people`; a policy sees only `seeing`, which is what it would
see in production. The chooser of `tocsin.choosing` knows nothing of this package.
"""
