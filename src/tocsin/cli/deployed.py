"""How commands reach a store, be it a database here or the table of a deployed stack: its settings and its address."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from tocsin.cli.access import open_store, public_url, read_settings
from tocsin.engine.ports import Records
from tocsin.errors import TocsinError
from tocsin.wiring.room_records import with_rooms
from tocsin.wiring.settings import FILE, Settings
from tocsin.wiring.settings_file import load

AWS: Final = "aws"


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """A store that is open. *url*: where people reach its server or its stack, without a slash at the end."""

    settings: Settings
    records: Records
    url: str


@contextmanager
def reached(given: argparse.Namespace) -> Iterator[Reached]:
    """What `--at` names. Raises TocsinError: it is not there, or its configuration is wrong."""
    if given.at == AWS:
        with _stack(given) as found:
            yield found
        return
    settings = read_settings(given.config, given.db)
    with open_store(given.db) as store:
        yield Reached(settings=settings, records=store, url=public_url(settings, store))


@contextmanager
def _stack(given: argparse.Namespace) -> Iterator[Reached]:
    from tocsin.aws.accounts import Cloud
    from tocsin.aws.parameters import Secrets
    from tocsin.aws.stacks import Stacks
    from tocsin.cli import deploy_plan
    from tocsin.cli.deploy_secrets import fill

    cloud = Cloud(profile=given.profile, region=given.region)
    cloud.identify(given.account or "")
    stack = Stacks(cloud).find(given.stack)
    if stack is None or stack.empty:
        raise TocsinError(
            "stack-missing",
            f"there is no stack {given.stack} in {cloud.region}; `tocsin deploy` makes one, or is it another region?",
        )
    outputs = deploy_plan.outputs(stack)
    config = given.config or Path(FILE)
    if given.config is None and not config.exists():
        settings = load(None, os.environ)
    else:
        stored = Secrets(cloud, deploy_plan.secrets_prefix(given.stack)).read()
        settings = fill(config, os.environ, stored, None).inspection.settings
    with closing(deploy_plan.open_store(cloud, outputs.table)) as store:
        yield Reached(settings=with_rooms(settings, store), records=store, url=outputs.url.rstrip("/"))
