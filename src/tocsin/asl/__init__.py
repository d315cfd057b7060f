"""Amazon States Language: read a definition, run it on virtual time, or step a durable execution.

    >>> machine = parse({"StartAt": "Hello", "States": {"Hello": {"Type": "Pass", "Result": "hi", "End": True}}})
    >>> run(machine, {}).output
    'hi'

The language: https://states-language.net/spec.html and
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.kernel.later import attributes

if TYPE_CHECKING:
    from tocsin.asl.documents import Problem
    from tocsin.asl.execution import Names
    from tocsin.asl.inputs import InputError, read_input
    from tocsin.asl.memory import Failure, Result, Takes, run
    from tocsin.asl.naming import references
    from tocsin.asl.program import Definition
    from tocsin.asl.single import StateRefusedError, Tested
    from tocsin.asl.single import try_state as test_state
    from tocsin.asl.validation import DefinitionError, parse, validate
else:
    __getattr__ = attributes(
        __name__,
        {
            "Problem": "tocsin.asl.documents.Problem",
            "Names": "tocsin.asl.execution.Names",
            "InputError": "tocsin.asl.inputs.InputError",
            "read_input": "tocsin.asl.inputs.read_input",
            "Failure": "tocsin.asl.memory.Failure",
            "Result": "tocsin.asl.memory.Result",
            "Takes": "tocsin.asl.memory.Takes",
            "run": "tocsin.asl.memory.run",
            "references": "tocsin.asl.naming.references",
            "Definition": "tocsin.asl.program.Definition",
            "StateRefusedError": "tocsin.asl.single.StateRefusedError",
            "Tested": "tocsin.asl.single.Tested",
            "test_state": "tocsin.asl.single.try_state",
            "DefinitionError": "tocsin.asl.validation.DefinitionError",
            "parse": "tocsin.asl.validation.parse",
            "validate": "tocsin.asl.validation.validate",
        },
    )

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
