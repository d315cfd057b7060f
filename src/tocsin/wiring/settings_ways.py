"""The keys of how one person is reached: notification rules, telephone numbers, and who carries what to a telephone."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tocsin.incidents.alerts import Severity
from tocsin.incidents.ways import WAYS
from tocsin.kernel.time import DAY, Duration
from tocsin.wiring.settings_kinds import Choice, Key, Many, Secret, Span, Text

E164: Final = r"\+[1-9][0-9]{6,14}"
"""A telephone number as ITU-T E.164 and all carriers want it: a plus, the country, the number; 15 digits at most."""

PHONE: Final = Text(
    shape=E164, what='a telephone number in E.164, like "+15555550100": a plus, the country, digits without blanks'
)
SEVERITY: Final = Choice(tuple(word.value for word in Severity))

_REGION: Final = Text(shape=r"[a-z]{2}(-[a-z]+){1,3}-[0-9]{1,2}", what="a region of AWS like eu-west-1")


class NotifyRule(msgspec.Struct, frozen=True, kw_only=True):
    """One way to reach a person, and when it is their turn."""

    by: Annotated[
        str,
        Key(
            Choice(WAYS),
            "`slack` is a direct message, `mention` an @mention in the team's room, `teams` a chat in Microsoft Teams, "
            "`push` a push message to their browsers, `voice` a call.",
        ),
    ]
    after: Annotated[
        Duration, Key(Span(least=0, most=DAY), "So long after the person was asked, if nobody has answered.")
    ] = 0
    severity: Annotated[
        tuple[str, ...], Key(Many(of=SEVERITY, single=True), "Only when it is this bad; one, or a list.")
    ] = ()


class Twilio(msgspec.Struct, frozen=True, kw_only=True):
    """An account at Twilio: SMS and calls."""

    account: Annotated[
        str, Key(Text(shape=r"AC[0-9a-fA-F]{32}", what="an account SID: AC and 32 hexadecimal digits"), "Account SID.")
    ]
    token: Annotated[Secret, Key(Text(), "Auth token.", secret=True)]
    number: Annotated[str, Key(PHONE, "The account's number that sends and calls.", called="from")]


class Sns(msgspec.Struct, frozen=True, kw_only=True):
    """SMS through Amazon SNS, with the credentials of the environment."""

    region: Annotated[str, Key(_REGION, "Whose SNS sends; without it the environment's.")] = ""
    sender: Annotated[
        str | None,
        Key(
            Text(shape=r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}", what="a sender ID: 1 to 11 letters and digits"),
            "What is shown as sender, where the receiver's country allows that.",
        ),
    ] = None


class Connect(msgspec.Struct, frozen=True, kw_only=True):
    """Calls through Amazon Connect, with the credentials of the environment."""

    instance: Annotated[str, Key(Text(shape=r"[A-Za-z0-9-]{1,100}", what="an instance ID"), "Instance ID.")]
    flow: Annotated[
        str,
        Key(
            Text(shape=r"[A-Za-z0-9-]{1,500}", what="a flow ID"),
            "ID of the outbound flow, which says the attribute `text`.",
        ),
    ]
    number: Annotated[str, Key(PHONE, "The instance's number that calls.", called="from")]
    region: Annotated[str, Key(_REGION, "Where the instance is; without it the environment's region.")] = ""
