"""Amazon States Language: read a definition, run it on virtual time, or step a durable execution.

    >>> machine = parse({"StartAt": "Hello", "States": {"Hello": {"Type": "Pass", "Result": "hi", "End": True}}})
    >>> run(machine, {}).output
    'hi'

The language: https://states-language.net/spec.html and
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

from tocsin.asl.documents import Problem
from tocsin.asl.execution import Names
from tocsin.asl.inputs import InputError, read_input
from tocsin.asl.memory import Failure, Result, Takes, run
from tocsin.asl.naming import references
from tocsin.asl.program import Definition
from tocsin.asl.single import StateRefusedError, Tested
from tocsin.asl.single import try_state as test_state
from tocsin.asl.validation import DefinitionError, parse, validate

__all__ = [
    "Definition",
    "DefinitionError",
    "Failure",
    "InputError",
    "Names",
    "Problem",
    "Result",
    "StateRefusedError",
    "Takes",
    "Tested",
    "parse",
    "read_input",
    "references",
    "run",
    "test_state",
    "validate",
]
