"""What `tocsin deploy`, `tocsin destroy` and `tocsin template` take."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

STACK: Final = "tocsin"

# CloudFormation cuts a longer name where it names a role or a function after it (64 characters, of which the resource
# may take 24 and a random end 13), and then the policy of whoever deploys would not find them.
STACK_CHARACTERS_MAX: Final = 24

_NAME: Final = re.compile(rf"[A-Za-z][A-Za-z0-9-]{{0,{STACK_CHARACTERS_MAX - 1}}}")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")

Add = Callable[..., argparse.ArgumentParser]


def add_deployment(add: Add) -> None:
    """Add the three; *add* is that of `tocsin.cli.main`."""
    deploy = add(
        "deploy",
        "deploy.run",
        "run Tocsin in your own AWS account: make or change its stack",
        example="--region eu-central-1",
        config=True,
    )
    add_place(deploy)
    deploy.add_argument("--email", default="", metavar="ADDRESS", help="who hears of it when Tocsin itself is ill")
    deploy.add_argument(
        "--set",
        action="append",
        type=_setting,
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the template, kept from then on; may be repeated",
    )
    deploy.add_argument(
        "--table", default="", metavar="NAME", help="a new stack takes in this table, which `tocsin destroy` has left"
    )
    deploy.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    deploy.add_argument("--yes", action="store_true", help="do not ask before the stack is changed")
    deploy.add_argument(
        "--rollback", action="store_true", help="go back to what was deployed before, code and template together"
    )
    deploy.add_argument(
        "--template-only", action="store_true", help="print the template, as `tocsin template` does, and stop"
    )
    deploy.add_argument(
        "--member", action="store_true", help="print the template for other accounts of the organisation, and stop"
    )
    deploy.add_argument("--zip", type=Path, metavar="FILE", help="the code, built before (default: built now)")
    deploy.add_argument("--keep-zip", type=Path, metavar="FILE", help="write the code that is built to this file, too")
    deploy.add_argument("--no-test", action="store_true", help="send no test alert at the end")
    deploy.add_argument("--json", action="store_true", help="print an object for scripts; what happens goes to stderr")

    destroy = add(
        "destroy",
        "destroy.run",
        "delete the stack from your AWS account; its table stays",
        example="--region eu-central-1",
    )
    add_place(destroy)
    destroy.add_argument("--yes", action="store_true", help="do not ask")
    destroy.add_argument("--force", action="store_true", help="even while incidents are open")
    destroy.add_argument(
        "--with-table", action="store_true", help="the table and the secrets too, for ever: incidents, people, keys"
    )
    destroy.add_argument(
        "--table", default="", metavar="NAME", help="with --with-table: a table that a former `tocsin destroy` has left"
    )
    destroy.add_argument("--json", action="store_true", help="print an object for scripts; what happens goes to stderr")

    template = add(
        "template",
        "deploy.template",
        "print the CloudFormation template of the stack",
        example="> tocsin.template.json",
        config=True,
    )
    which = template.add_mutually_exclusive_group()
    which.add_argument("--member", action="store_true", help="the one for other accounts of the organisation instead")
    which.add_argument(
        "--automation", action="store_true", help="the one for those of them in which workflows may act instead"
    )
    which.add_argument("--policy", action="store_true", help="the IAM policy that suffices to deploy it instead")
    template.add_argument(
        "--stack",
        type=_stack,
        default=STACK,
        metavar="NAME",
        help=f"with --policy: the stack's name (default: {STACK})",
    )


def add_moving(command: argparse.ArgumentParser, way: str, verb: str) -> None:
    """What `tocsin backup` (*way* `from`) and `tocsin restore` (`to`) take beside a database."""
    command.add_argument(
        f"--{way}",
        choices=("db", "aws"),
        default="db",
        help=f"{verb} the database, or the table of a stack (default: db)",
    )
    if way == "from":
        command.add_argument(
            "--dump", action="store_true", help="write lines of JSON, packed, which either runtime can restore"
        )
    command.add_argument("--table", default="", metavar="NAME", help="at AWS: this table (default: that of the stack)")
    add_place(command)


def add_reach(command: argparse.ArgumentParser) -> None:
    """What commands take that reach a database, or the table of a stack."""
    command.add_argument(
        "--at", choices=("db", "aws"), default="db", help="the database, or the table of a stack (default: db)"
    )
    add_place(command)


def add_place(command: argparse.ArgumentParser) -> None:
    """Where in AWS: account, region, stack."""
    command.add_argument(
        "--stack", type=_stack, default=STACK, metavar="NAME", help=f"the stack's name (default: {STACK})"
    )
    command.add_argument("--region", default="", help="the region (default: that of the environment or the profile)")
    command.add_argument("--profile", default="", help="the profile of the AWS SDK (default: $AWS_PROFILE)")
    command.add_argument(
        "--account", type=_account, metavar="NUMBER", help="refuse if the credentials are of another one"
    )


def _stack(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a name for a stack: a letter, then letters, digits and hyphens, "
            f"{STACK_CHARACTERS_MAX} at most"
        )
    return text


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and name.isalnum()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a parameter and its value, like LogDays=90")
    return name, value


def _account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of an account: twelve digits")
    return text
