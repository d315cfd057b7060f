"""What a team configures of its senders: keys, signatures, signs of life, queues, mails and mappings."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tocsin.incidents.alerts import Severity
from tocsin.kernel.time import DAY, SECOND, Duration
from tocsin.sources.email_rules import Merge
from tocsin.web.signatures import GITLAB, HEADERS, TIMED
from tocsin.wiring.settings_kinds import (
    Choice,
    Flag,
    Key,
    Many,
    Named,
    Network,
    Ref,
    Secret,
    Section,
    Span,
    Text,
    Url,
    Whole,
)
from tocsin.wiring.settings_mapping import SourceMapping
from tocsin.wiring.settings_muting import GROUP_BY

LEARNED: Final = "learned"
TRANSIENT: Final = Choice(("off", LEARNED))

_WILDCARD: Final = Text(most=200, what="words, or a pattern with `*`")
_HEADER: Final = Text(most=100, shape=r"[A-Za-z0-9-]+", what="the name of a header like X-Signature")


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A heartbeat: a sign of life that is promised, whose silence is an alert."""

    every: Annotated[Duration, Key(Span(least=10 * SECOND, most=366 * DAY), "How often it comes.")]
    grace: Annotated[
        Duration, Key(Span(least=0, most=30 * DAY), "How much later it may come; until then it is late, and announced.")
    ] = 0
    message: Annotated[str | None, Key(Text(most=500), "The title of its alert.")] = None
    description: Annotated[str | None, Key(Text(most=1000), "What to do when it does not come.")] = None
    severity: Annotated[
        str, Key(Choice(tuple(word.value for word in Severity)), "How bad it is when it does not come.")
    ] = Severity.HIGH.value


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A queue of Amazon SQS whose messages are an integration's alerts."""

    url: Annotated[
        str, Key(Url(plain=True), "Its address: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME.", unique=True)
    ]
    dead_letters: Annotated[
        str | None,
        Key(
            Url(plain=True),
            "The address of its dead-letter queue, which is read too; without it, the one of its redrive policy.",
        ),
    ] = None
    role: Annotated[
        str | None,
        Key(
            Text(shape=r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}", what="the ARN of a role"),
            "A role to assume for reading it; without it our own credentials do.",
        ),
    ] = None


class MailRules(msgspec.Struct, frozen=True, kw_only=True):
    """What an integration's mails mean."""

    merge: Annotated[
        str,
        Key(
            Choice(tuple(word.value for word in Merge)),
            "Which mails are one alert: those with the same `subject` (but for its state, times and amounts), each "
            "`message` for itself, or all of them while `one` is open.",
        ),
    ] = Merge.SUBJECT.value
    resolve_when: Annotated[
        tuple[str, ...],
        Key(
            Many(of=_WILDCARD, single=True),
            "Only a mail with one of these in its subject resolves: words, or with `*` a pattern for the whole "
            "subject. Without it the subject's own words decide (`RESOLVED`, `OK:`, `[UP]`, ...).",
        ),
    ] = ()
    open_when: Annotated[
        tuple[str, ...],
        Key(Many(of=_WILDCARD, single=True), "Only a mail with one of these in its subject fires; the same patterns."),
    ] = ()
    senders: Annotated[
        tuple[str, ...],
        Key(
            Many(
                of=Text(
                    most=254,
                    shape=r"[^\s@<>,;:\"]*@[^\s@<>,;:\"]+",
                    what="an address like alerts@example.com, or a domain like @example.com",
                ),
                single=True,
            ),
            "Who may send; mails of others are refused. Without it everybody who knows the address.",
            called="from",
        ),
    ] = ()
    severity: Annotated[
        str | None,
        Key(Choice(tuple(word.value for word in Severity)), "How bad its mails are, whatever their subjects say."),
    ] = None


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender signs with; a delivery without it, or with a wrong one, is refused."""

    kind: Annotated[
        str, Key(Choice(tuple(HEADERS)), "How it signs; `sha256` is an HMAC-SHA256 in the header `header`.")
    ]
    secret: Annotated[Secret, Key(Text(), "The secret that both know.", secret=True)]
    header: Annotated[str | None, Key(_HEADER, "The header with the signature, if it is not the usual one.")] = None
    timestamp_header: Annotated[
        str | None, Key(_HEADER, "The header with a time that is signed too, before the body (Grafana).")
    ] = None


def _signature_complaint(signature: Signature) -> str:
    if not HEADERS[signature.kind] and signature.header is None:
        return f"needs header, since {signature.kind} has no usual one"
    if signature.header is not None and signature.kind == GITLAB:
        only = f"only {HEADERS[GITLAB]} is known not to be stored"
        return f"cannot have header: {GITLAB} sends the secret itself, and {only}"
    if signature.timestamp_header and signature.kind not in TIMED:
        return f"cannot have timestamp_header: {signature.kind} signs the body alone"
    return ""


class Integration(msgspec.Struct, frozen=True, kw_only=True):
    """A sender's credential, and whom its alerts concern."""

    team: Annotated[str, Key(Ref("team"), "Whom its alerts concern; without it the first team.")] = ""
    key: Annotated[
        Secret | None,
        Key(
            Text(shape=r"[A-Za-z0-9_-]{16,128}", what="a key of 16 to 128 letters, digits, - or _"),
            "A credential of your choice; without it `tocsin keys rotate` makes one (for `default`, the first start).",
            secret=True,
            unique=True,
        ),
    ] = None
    sns_accounts: Annotated[
        tuple[str, ...],
        Key(
            Many(of=Text(shape=r"[0-9]{12}", what="an AWS account ID of 12 digits", digits=True), single=True),
            "AWS accounts whose SNS topics may send here; without it all that know the key.",
        ),
    ] = ()
    allow: Annotated[
        tuple[str, ...],
        Key(Many(of=Network(), single=True), "Networks that may send here; without it all that know the key."),
    ] = ()
    signature: Annotated[
        Signature | None, Key(Section(Signature, _signature_complaint), "What its deliveries must be signed with.")
    ] = None
    group_by: Annotated[
        tuple[str, ...],
        Key(GROUP_BY, "Its alerts become one incident where these are equal, as in a route."),
    ] = ()
    rate: Annotated[
        int | None,
        Key(
            Whole(least=1, most=10_000),
            "Deliveries a second that are worked off; more of them wait, and hold up nobody else.",
        ),
    ] = None
    transient_hold: Annotated[
        str | None, Key(TRANSIENT, "Whether what recovers by itself is held; without it as its team has it.")
    ] = None
    flapping: Annotated[
        bool | None, Key(Flag(), "Whether what flaps is one incident; without it as its team has it.")
    ] = None
    heartbeats: Annotated[
        dict[str, Promise],
        Key(Named("heartbeat", Section(Promise)), "Signs of life that must come; others begin with their first ping."),
    ] = {}
    sns_topics: Annotated[
        tuple[str, ...],
        Key(
            Many(
                of=Text(
                    shape=r"arn:aws[a-z-]*:sns:[a-z0-9-]{1,30}:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?",
                    what="the ARN of an SNS topic",
                ),
                single=True,
            ),
            "SNS topics that may send here, beside those of `sns_accounts`.",
        ),
    ] = ()
    queues: Annotated[
        tuple[Queue, ...],
        Key(
            Many(of=Section(Queue, short="url"), single=True),
            "SQS queues whose messages are its alerts; needs `tocsin[aws]`.",
        ),
    ] = ()
    mail: Annotated[MailRules, Key(Section(MailRules), "What its mails mean.")] = MailRules()
    mapping: Annotated[
        SourceMapping | None, Key(Section(SourceMapping), "What its events mean, where they are not understood.")
    ] = None
