"""What people do once their stack is there: sign in, let senders post, confirm a mail, and paste into Slack."""

from __future__ import annotations

import secrets
from typing import Any, Final

import msgspec

from tocsin.cli.deploy_plan import Outputs
from tocsin.cli.deploy_progress import Screen
from tocsin.cli.printing import fields
from tocsin.engine.ports import Records
from tocsin.kernel.time import Instant
from tocsin.slack.manifest import in_yaml, manifest
from tocsin.web.console.sessions import signin_link
from tocsin.wiring.key_desk import ingest_url
from tocsin.wiring.keys import TOKEN_BYTES, first_key
from tocsin.wiring.settings import Settings

SLACK: Final = 'slack: {bot_token: "${SLACK_BOT_TOKEN}", signing_secret: "${SLACK_SIGNING_SECRET}"}'


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A stack as it was just deployed. *place*: how further commands name it, ` --stack prod`, or empty."""

    outputs: Outputs
    place: str
    email: str = ""


def tell(screen: Screen, scene: Scene) -> dict[str, Any]:
    """Say where it is; the same for scripts."""
    outputs = scene.outputs
    screen.say("\n")
    rows = [("console", outputs.url), ("SNS topic", outputs.topic), ("table", outputs.table)]
    screen.say(fields([*rows, ("bus", outputs.bus)] if outputs.bus else rows))
    return {"url": outputs.url, "topic": outputs.topic, "table": outputs.table, "bus": outputs.bus or None}


def welcome(screen: Screen, scene: Scene, settings: Settings, store: Records, now: Instant) -> dict[str, Any]:
    """Open the doors of a new stack, and say what comes next; the same for scripts.

    The sign-in link and the key are told this once. Raises StoreUnavailableError.
    """
    url, place = scene.outputs.url.rstrip("/"), scene.place
    link = url + signin_link(store, secrets.token_urlsafe(TOKEN_BYTES), now)
    key = first_key(settings, store, now)
    ingest = ingest_url(url, key) if key else ""
    screen.say(
        f"\nSign in to the console, once, within a day (`tocsin signin --at aws{place}` prints a new link):\n  {link}\n"
    )
    if ingest:
        screen.say(
            "\nCloudWatch alarms go to the SNS topic. Let all other senders post here; who knows this address can ring "
            "the bell,\nand it is not shown again "
            f"(`tocsin keys rotate default --at aws{place}` makes another):\n  {ingest}\n"
            "\nRing it:\n"
            f"  curl -d '{{\"title\": \"Is anybody there?\"}}' -H 'content-type: application/json' {ingest}\n"
        )
    if scene.email:
        screen.say(
            f"\nAWS sends a mail to {scene.email}. Confirm the subscription in it: until then nobody hears when Tocsin "
            "itself is ill.\n"
        )
    if settings.slack is not None:
        screen.say(
            f"\nSlack: the app must know this address. `tocsin slack manifest --url {url}` prints what to paste at "
            "https://api.slack.com/apps, *App Manifest*.\n"
        )
    else:
        screen.say(
            "\nSlack: at https://api.slack.com/apps, choose Create New App, From a manifest, and paste what follows\n"
            f"(`tocsin slack manifest --url {url}` prints it again).\n"
            f"Install the app, put this line into tocsin.yaml, and deploy again: the two secrets are asked for.\n"
            f"  {SLACK}\n\n"
            f"{in_yaml(manifest('Tocsin', socket_mode=False, url=url, without=[]))}"
        )
    return {"signin_url": link, "ingest_url": ingest or None}
