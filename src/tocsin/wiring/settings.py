"""What a team configures: the one table of all keys, which reading, messages, schema and documents share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from tocsin.incidents.alerts import Kind as AlertKind
from tocsin.incidents.alerts import Severity
from tocsin.incidents.holding import HOLD_MAX
from tocsin.incidents.policy import REPEAT_MAX
from tocsin.kernel.later import later
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND, Duration
from tocsin.routing.plans import OWN
from tocsin.slack.budget import CHANGES_PER_MINUTE, MESSAGES_PER_MINUTE
from tocsin.wiring.settings_asking import Costs, When, step_complaint
from tocsin.wiring.settings_digests import Digests
from tocsin.wiring.settings_integrations import LEARNED, TRANSIENT, Integration
from tocsin.wiring.settings_kinds import (
    Choice,
    Flag,
    Key,
    Many,
    Named,
    Network,
    PatternOf,
    Ref,
    Secret,
    Section,
    Span,
    Text,
    Url,
    Whole,
)
from tocsin.wiring.settings_maintenance import Maintenance, complaint
from tocsin.wiring.settings_muting import GROUP_BY, INHIBIT, Inhibit, Storms
from tocsin.wiring.settings_rules import RuleSettings, rule_complaint
from tocsin.wiring.settings_schedules import WINDOW, ZONE, Schedule
from tocsin.wiring.settings_teams import TEAMS_CHANNEL, TEAMS_USER, MicrosoftTeams
from tocsin.wiring.settings_ways import PHONE, SEVERITY, Connect, NotifyRule, Sns, Twilio
from tocsin.wiring.settings_workflows import MODULE, Workflow

if TYPE_CHECKING:
    from tocsin import patterns
else:
    patterns = later("tocsin.patterns")

FILE: Final = "tocsin.yaml"
EVERYONE: Final = "everyone"  # The team that exists when the file names none.
ACKNOWLEDGEMENTS_MAX: Final = 20
DEFAULT: Final = "default"  # The integration that always exists, and the policy of teams that choose none.

_EMAIL: Final = Text(most=254, shape=r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+", what="an e-mail address like ada@example.com")
HOLD: Final = Span(least=0, most=HOLD_MAX)

_HOST: Final = Text(most=253, shape=r"[A-Za-z0-9.:_-]+", what="an address or a host name")
_SERVER: Final = Text(
    shape=r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}", what="a host and a port like smtp.example.com:587"
)


class Responder(msgspec.Struct, frozen=True, kw_only=True):
    """A person who can be asked."""

    name: Annotated[str, Key(Text(most=80), "How people call them; without it, the key itself.")] = ""
    slack: Annotated[
        str | None,
        Key(
            Text(
                shape=r"[UW][A-Z0-9]{2,20}",
                what="a Slack member ID like U012AB3CD (in their profile: ⋮, Copy member ID)",
            ),
            "Slack member ID; pages come as direct messages.",
        ),
    ] = None
    teams: Annotated[
        str | None, Key(TEAMS_USER, "Who they are in Microsoft Teams; pages come as chats. Needs `microsoft_teams`.")
    ] = None
    email: Annotated[str | None, Key(_EMAIL, "Address for pages by e-mail; needs `mail`.")] = None
    ntfy: Annotated[
        Secret | None,
        Key(Url(plain=True), "Address of an ntfy topic; who knows it can read it.", secret=True),
    ] = None
    time_zone: Annotated[str, Key(ZONE, "Where they live; without it Slack's zone or a schedule's counts.")] = ""
    working_hours: Annotated[
        tuple[str, ...],
        Key(Many(of=WINDOW, single=True), "When they work, by their own clock: `mon-fri 09:00-17:00`; or a list."),
    ] = ()
    sleep_hours: Annotated[
        tuple[str, ...],
        Key(
            Many(of=WINDOW, single=True),
            "When they sleep, by their own clock: `23:00-07:00`; without it from 22:00 to 7:00.",
        ),
    ] = ()
    absences: Annotated[
        Secret | None,
        Key(
            Url(),
            "Address of a calendar (iCal) whose events are their absences; who knows it can read it.",
            secret=True,
        ),
    ] = None
    phone: Annotated[str | None, Key(PHONE, "Telephone number; needs `twilio`, `sns` or `connect`.")] = None
    notify: Annotated[
        tuple[NotifyRule, ...],
        Key(
            Many(of=Section(NotifyRule, short="by"), single=True),
            "By which ways they are paged, and when; without it by the first of their ways that works.",
        ),
    ] = ()
    quiet_hours: Annotated[
        tuple[str, ...],
        Key(Many(of=WINDOW, single=True), "When pages make no noise, by their own clock: `22:00-07:00`; or a list."),
    ] = ()
    quiet_except: Annotated[
        tuple[str, ...], Key(Many(of=SEVERITY, single=True), "How bad it must be to make a noise in quiet hours.")
    ] = (Severity.CRITICAL.value,)


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """People who are asked for each other, and the room where they read."""

    members: Annotated[tuple[str, ...], Key(Many(of=Ref("responder")), "Its responders.")] = ()
    slack: Annotated[
        str | None,
        Key(
            Text(
                shape=r"[CG][A-Z0-9]{2,20}|#[^\s#,:<>@]{1,80}",
                what='a Slack channel: an ID like C012AB3CD, or "#ops" (in quotes, since # begins a comment)',
            ),
            "Its room: the channel where incidents are shown. Invite the bot there.",
        ),
    ] = None
    teams_channel: Annotated[
        str | None, Key(TEAMS_CHANNEL, "Its room in Microsoft Teams. Add the app to the team there.")
    ] = None
    policy: Annotated[
        str | None,
        Key(
            Ref("policy"),
            "Its escalation policy; `smart` is there always. Without it the one named `default`; without that, one "
            "member is asked, then another, then everyone.",
        ),
    ] = None
    digests: Annotated[
        Digests | None, Key(Section(Digests), "Its quiet summaries, if they differ from those of the file.")
    ] = None
    hold: Annotated[
        Duration,
        Key(HOLD, "Its alerts ask nobody for so long, unless they are critical; what recovers meanwhile never does."),
    ] = 0
    transient_hold: Annotated[
        str,
        Key(
            TRANSIENT,
            "`learned`: what its sender has nearly always closed by itself within minutes is held for as long.",
        ),
    ] = LEARNED
    flapping: Annotated[bool, Key(Flag(), "What goes and comes without end is one incident, asked about once.")] = True
    group_by: Annotated[
        tuple[str, ...],
        Key(GROUP_BY, "Its alerts become one incident where these are equal, as in a route."),
    ] = ()


class PolicyStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a ladder."""

    ask: Annotated[
        tuple[str, ...],
        Key(
            Many(of=Ref("target"), least=1, single=True),
            "Who is asked: a responder, `team` (everyone of the incident's team), `team:NAME`, `schedule:NAME` (who is "
            "on call when it is asked), `schedule:NAME:next` (who will be, after them), `channel` (its room), "
            "`round-robin`, `least-disturbed` or `smart` (all of the incident's team, or of another: `smart:NAME`, "
            "`smart:schedule:NAME`); one, or a list.",
        ),
    ]
    wait: Annotated[
        Duration,
        Key(
            Span(most=7 * DAY), "How long an answer is awaited before the next step; `smart` lasts twice that at most."
        ),
    ] = 5 * MINUTE
    when: Annotated[
        When | None, Key(Section(When), "When the step counts; otherwise the next one is asked at once.")
    ] = None
    acknowledgements: Annotated[
        int,
        Key(
            Whole(least=0, most=ACKNOWLEDGEMENTS_MAX),
            "How many people must acknowledge while it is asked; 0: as many as the policy says.",
        ),
    ] = 0


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A ladder of people to ask, until somebody answers."""

    steps: Annotated[
        tuple[PolicyStep, ...],
        Key(Many(of=Section(PolicyStep, step_complaint), least=1), "The ladder, first step first."),
    ]
    repeat: Annotated[
        int, Key(Whole(least=0, most=REPEAT_MAX), "How often the ladder is walked again, before everyone is asked.")
    ] = 0
    everyone_every: Annotated[
        Duration,
        Key(Span(most=7 * DAY), "After the ladder everyone of the team is asked, again and again, this far apart."),
    ] = 15 * MINUTE
    ack_timeout: Annotated[
        Duration, Key(Span(), "Who has acknowledged, and not resolved, is asked again after this time.")
    ] = HOUR
    acknowledgements: Annotated[
        int,
        Key(
            Whole(least=1, most=ACKNOWLEDGEMENTS_MAX),
            "How many people must acknowledge; until then those who have not are asked on.",
        ),
    ] = 1


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided for the alerts that match; the first route that does counts."""

    name: Annotated[str, Key(Text(most=80), "What it is for, in your words.")] = ""
    when: Annotated[patterns.Pattern | None, Key(PatternOf("alert"), "A pattern for the normalised alert.")] = None
    event: Annotated[
        patterns.Pattern | None, Key(PatternOf("event"), "A pattern for the event as its sender wrote it.")
    ] = None
    team: Annotated[str | None, Key(Ref("team"), "Whom it concerns; without it the integration's team.")] = None
    policy: Annotated[str | None, Key(Ref("policy"), "Whom to ask; without it the team's policy.")] = None
    severity: Annotated[
        str | None, Key(Choice(tuple(word.value for word in Severity)), "How bad it is, whatever the sender says.")
    ] = None
    kind: Annotated[
        str | None,
        Key(Choice(tuple(word.value for word in AlertKind)), "`notification` is shown, and nobody is paged for it."),
    ] = None
    hold: Annotated[Duration | None, Key(HOLD, "How long its page is held; without it as the team has it.")] = None
    transient_hold: Annotated[
        str | None, Key(TRANSIENT, "Whether what recovers by itself is held; without it as its integration has it.")
    ] = None
    auto_resolve: Annotated[bool, Key(Flag(), "Whether the sender's all-clear resolves the incident.")] = True
    group_by: Annotated[
        tuple[str, ...],
        Key(
            GROUP_BY,
            "Alerts that are equal in these become one incident: `resource`, `account`, `region`, `source`, `title`, "
            "`stack`, `label:NAME`; one, or a list. Without it the integration's, or else the team's.",
        ),
    ] = ()


class Windows(msgspec.Struct, frozen=True, kw_only=True):
    """How long alerts with the same key count as one."""

    alert: Annotated[
        Duration, Key(Span(most=366 * DAY), "An alert joins its incident if it comes this soon after the last one.")
    ] = 7 * DAY
    notification: Annotated[
        Duration, Key(Span(most=7 * DAY), "The same for notifications; they are over after it.")
    ] = MINUTE
    reopen: Annotated[
        Duration, Key(Span(least=0, most=7 * DAY), "What fires this soon after a resolve re-opens the incident.")
    ] = 5 * MINUTE


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where Tocsin listens."""

    host: Annotated[str, Key(_HOST, "Address to listen on; `0.0.0.0` for all.")] = "127.0.0.1"
    port: Annotated[int, Key(Whole(least=0, most=65535), "Port to listen on; 0 takes a free one.")] = 8420
    url: Annotated[
        str | None,
        Key(Url(plain=True), "The address by which people and senders reach it, if that is another one (a proxy's)."),
    ] = None
    proxies: Annotated[
        tuple[str, ...],
        Key(
            Many(of=Network(), single=True),
            "Proxies whose `X-Forwarded-For` is believed; without it senders are where their connection comes from.",
        ),
    ] = ()


class Slack(msgspec.Struct, frozen=True, kw_only=True):
    """The Slack app."""

    bot_token: Annotated[Secret, Key(Text(), "Bot token.", secret=True)]
    app_token: Annotated[
        Secret | None, Key(Text(), "App-level token: Socket Mode, without a public URL.", secret=True)
    ] = None
    signing_secret: Annotated[Secret | None, Key(Text(), "Signing secret: buttons come by HTTP.", secret=True)] = None
    messages_per_minute: Annotated[
        int,
        Key(
            Whole(least=10, most=1_000_000),
            "How many messages the workspace takes; Slack says several hundred. Pages never wait for it.",
        ),
    ] = MESSAGES_PER_MINUTE
    changes_per_minute: Annotated[
        int, Key(Whole(least=10, most=1_000_000), "How many messages may be changed; Slack's tier 3 is 50.")
    ] = CHANGES_PER_MINUTE


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """The mail server that sends pages."""

    smtp: Annotated[str, Key(_SERVER, "Host and port.")]
    sender: Annotated[str, Key(_EMAIL, "The sender's address.", called="from")]
    username: Annotated[str | None, Key(Text(), "User name, if it asks for one.")] = None
    password: Annotated[Secret | None, Key(Text(), "Password, if it asks for one.", secret=True)] = None
    tls: Annotated[
        str,
        Key(Choice(("starttls", "tls", "none")), "How the connection is encrypted: port 587, port 465, or not at all."),
    ] = "starttls"


class MailIn(msgspec.Struct, frozen=True, kw_only=True):
    """Where Tocsin takes mails: an SMTP server for the addresses `KEY@domain`."""

    host: Annotated[str, Key(_HOST, "Address to listen on; `0.0.0.0` for all.")] = "127.0.0.1"
    port: Annotated[int, Key(Whole(least=0, most=65535), "Port to listen on; 0 takes a free one.")] = 2525
    domain: Annotated[
        str | None,
        Key(
            Text(most=253, shape=r"[A-Za-z0-9.-]+", what="a domain like alerts.example.com"),
            "The only domain that mail is taken for; without it any that leads here.",
        ),
    ] = None
    size_max: Annotated[
        int, Key(Whole(least=65_536, most=52_428_800), "The largest mail, in bytes; larger ones are refused.")
    ] = 10_485_760
    tls_certificate: Annotated[
        str | None, Key(Text(), "File of the certificate and its chain (PEM): offers STARTTLS.")
    ] = None
    tls_key: Annotated[str | None, Key(Text(), "File of its private key (PEM).")] = None


class Graphs(msgspec.Struct, frozen=True, kw_only=True):
    """Graphs of CloudWatch metrics, with the credentials of the environment."""

    span: Annotated[Duration, Key(Span(least=15 * MINUTE, most=14 * DAY), "How much of the past a graph shows.")] = (
        3 * HOUR
    )


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """The outside watchman: an address that is fetched only while all is well."""

    url: Annotated[Secret, Key(Url(), "The address to fetch.", secret=True)]
    every: Annotated[Duration, Key(Span(least=10 * SECOND, most=DAY), "How often.")] = MINUTE


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long what is over is kept."""

    deliveries: Annotated[Duration, Key(Span(least=HOUR, most=3660 * DAY), "Raw deliveries, from their arrival.")] = (
        14 * DAY
    )
    incidents: Annotated[Duration, Key(Span(least=HOUR, most=3660 * DAY), "Incidents, from their end.")] = 400 * DAY


def slack_complaint(slack: Slack) -> str:
    """What is wrong between the keys of *slack*, or nothing."""
    if slack.bot_token.reveal().startswith("xapp-"):
        return "bot_token holds an app-level token (xapp-...); bot tokens begin with xoxb-"
    if slack.app_token and slack.app_token.reveal().startswith("xoxb-"):
        return "app_token holds a bot token (xoxb-...); app-level tokens begin with xapp-"
    if not slack.app_token and not slack.signing_secret:
        return "needs app_token (Socket Mode, no public URL) or signing_secret (HTTP), so that buttons work"
    return ""


def _mail_complaint(mail: Mail) -> str:
    if (mail.username is None) is (mail.password is None):
        return ""
    return "needs username and password together, or neither"


def _mail_in_complaint(mail: MailIn) -> str:
    if (mail.tls_certificate is None) is (mail.tls_key is None):
        return ""
    return "needs tls_certificate and tls_key together, or neither"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file; without one, the defaults. Names that stand in it are names that exist."""

    responders: Annotated[
        dict[str, Responder], Key(Named("responder", Section(Responder), OWN), "People who can be asked.")
    ] = {}
    teams: Annotated[
        dict[str, Team],
        Key(Named("team", Section(Team)), "Teams; the first one gets what no rule gives to another."),
    ] = {}
    schedules: Annotated[
        dict[str, Schedule], Key(Named("schedule", Section(Schedule)), "Who is on call, and when.")
    ] = {}
    policies: Annotated[dict[str, Policy], Key(Named("policy", Section(Policy)), "Escalation policies.")] = {}
    costs: Annotated[Costs, Key(Section(Costs), "What `smart` weighs: interruptions against waiting.")] = Costs()
    routes: Annotated[
        tuple[Route, ...], Key(Many(of=Section(Route)), "Routing rules; the first that matches counts.")
    ] = ()
    integrations: Annotated[
        dict[str, Integration],
        Key(Named("integration", Section(Integration)), "Senders; one named `default` always exists."),
    ] = {}
    maintenance: Annotated[
        dict[str, Maintenance],
        Key(Named("maintenance", Section(Maintenance, complaint)), "Windows of the week in which nobody is asked."),
    ] = {}
    workflows: Annotated[
        dict[str, Workflow], Key(Named("workflow", Section(Workflow, short="file")), "Workflows, by their names.")
    ] = {}
    functions: Annotated[
        str | None,
        Key(MODULE, "The Python module whose public functions workflows may call by their names."),
    ] = None
    rules: Annotated[
        dict[str, RuleSettings],
        Key(Named("rule", Section(RuleSettings, rule_complaint)), "What starts workflows, or raises alerts."),
    ] = {}
    windows: Annotated[Windows, Key(Section(Windows), "When alerts are the same.")] = Windows()
    inhibit: Annotated[
        tuple[Inhibit, ...],
        Key(
            INHIBIT,
            "While one alert fires, others that follow from it ask nobody; a rule never inhibits what is a source of "
            "it, or of one above it.",
        ),
    ] = ()
    storms: Annotated[
        Storms | None,
        Key(Section(Storms), "With it, even if empty (`storms: {}`), what begins in a storm is told in one summary."),
    ] = None
    accounts: Annotated[
        dict[str, str],
        Key(Named("account", Text(most=80)), "What people call an account, by its number, quoted: messages show both."),
    ] = {}
    server: Annotated[Server, Key(Section(Server), "Where Tocsin listens.")] = Server()
    slack: Annotated[Slack | None, Key(Section(Slack, slack_complaint), "The Slack app.")] = None
    microsoft_teams: Annotated[MicrosoftTeams | None, Key(Section(MicrosoftTeams), "The bot in Microsoft Teams.")] = (
        None
    )
    mail: Annotated[Mail | None, Key(Section(Mail, _mail_complaint), "The mail server that sends pages.")] = None
    twilio: Annotated[Twilio | None, Key(Section(Twilio), "SMS and calls through Twilio.")] = None
    sns: Annotated[Sns | None, Key(Section(Sns), "SMS through Amazon SNS; needs `tocsin[aws]`.")] = None
    connect: Annotated[Connect | None, Key(Section(Connect), "Calls through Amazon Connect; needs `tocsin[aws]`.")] = (
        None
    )
    mail_in: Annotated[MailIn | None, Key(Section(MailIn, _mail_in_complaint), "Where alerts by e-mail come in.")] = (
        None
    )
    graphs: Annotated[
        Graphs | None,
        Key(
            Section(Graphs),
            "With it, even if empty (`graphs: {}`), the message of a CloudWatch alarm shows its metric; needs "
            "`tocsin[aws]` and `cloudwatch:GetMetricWidgetImage`.",
        ),
    ] = None
    heartbeat: Annotated[
        Heartbeat | None, Key(Section(Heartbeat), "An address outside that is fetched only while all is well.")
    ] = None
    retention: Annotated[Retention, Key(Section(Retention), "How long what is over is kept.")] = Retention()
    digests: Annotated[
        Digests | None,
        Key(
            Section(Digests),
            "The quiet summaries of all teams: `digests: {}` has them at their usual times, without it there are none.",
        ),
    ] = None

    @property
    def first_team(self) -> str:
        """The team that gets what nobody else does."""
        return next(iter(self.teams))
