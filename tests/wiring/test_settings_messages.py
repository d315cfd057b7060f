"""What is wrong with a configuration is told with its place, its value and the nearest right name, all at once."""

from __future__ import annotations

import pytest

from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_problems import SettingsError

FILLED = {"SLACK_BOT_TOKEN": "test-token", "NET": "not a network", "BROKEN": "\udcff"}

QUEUE = "https://sqs.eu-west-1.amazonaws.com/111122223333/alerts"
FIELDS_TOLD = "title, status, severity, kind, source, integration, account, region, resource, labels, description"

NO_EXPRESSION = (
    '4:14: integrations.a.mapping.title: "$uppercase(name" is no expression: '
    "Expected ) before end of expression (character 15 of the expression)"
)

NO_FUNCTION = (
    '5:15: integrations.a.mapping.ignore: "$x()" is no expression: there is no $x here (character 2 of the expression)'
)

# The file, and every line that is told about it; the file's name is left out.
BAD: dict[str, tuple[str, list[str]]] = {
    # Keys.
    "unknown key": (
        "teams:\n  ops:\n    membres: []\n",
        ['3:5: teams.ops: unknown key "membres"; did you mean "members"?'],
    ),
    "unknown key, nothing near": (
        "windows: {xyz: 1}\n",
        ['1:11: windows: unknown key "xyz"; known: alert, notification, reopen'],
    ),
    "unknown section": ("team: {}\n", ['1:1: unknown key "team"; did you mean "teams"?']),
    "the same key twice": (
        "server:\n  port: 1\n  port: 2\n",
        ['3:3: the key "port" stands twice; the first is in line 2'],
    ),
    "missing keys": (
        "mail: {tls: tls}\n",
        ['1:7: mail: the key "smtp" is missing', '1:7: mail: the key "from" is missing'],
    ),
    "a required key without a value": (
        "heartbeat:\n  url:\n",
        ["2:3: heartbeat.url: has no value, and must have one"],
    ),
    "a key that is no word": ("? [a]\n: b\n", ["1:3: a key must be a word"]),
    "a key of a section that is no word": ("server: {? {a: 1} : 2}\n", ["1:12: a key must be a word"]),
    "a name that is no word": ("teams: {? [a] : {}}\n", ["1:11: a key must be a word"]),
    "a tag": ("server: {host: !secret x}\n", ["1:16: tags are not read; a value that begins with ! needs quotes"]),
    "a merge key": ("server: {<<: {port: 1}}\n", ["1:10: merge keys (<<) are not read; write the keys out"]),
    "a name with a blank": (
        "teams: {the team: {}}\n",
        ['1:9: teams: "the team" cannot be a name; use letters, digits and . _ @ + -, at most 64'],
    ),
    "a reserved name": (
        "responders: {team: {}}\n",
        ['1:14: responders: "team" cannot be the name of a responder: it has a meaning of its own'],
    ),
    # Senders.
    "a network that is none": (
        "integrations: {a: {allow: [everywhere]}}\n",
        [
            (
                '1:28: integrations.a.allow[0]: "everywhere" is no network; write an address like 192.0.2.7, or a '
                "network like 192.0.2.0/24 or 2001:db8::/32"
            )
        ],
    ),
    "a network with bits behind its prefix": (
        "server: {proxies: 192.0.2.7/24}\n",
        ['1:19: server.proxies: "192.0.2.7/24" has bits set behind its prefix; did you mean "192.0.2.0/24"?'],
    ),
    "a signature without its header": (
        "integrations: {a: {signature: {kind: sha256, secret: '${SLACK_BOT_TOKEN}'}}}\n",
        ["1:31: integrations.a.signature: needs header, since sha256 has no usual one"],
    ),
    "a signature with a time that is not signed": (
        "integrations: {a: {signature: {kind: github, secret: '${SLACK_BOT_TOKEN}', timestamp_header: X-Stamp}}}\n",
        ["1:31: integrations.a.signature: cannot have timestamp_header: github signs the body alone"],
    ),
    "a secret in a header that would be stored": (
        "integrations: {a: {signature: {kind: gitlab, secret: '${SLACK_BOT_TOKEN}', header: X-Mine}}}\n",
        [
            (
                "1:31: integrations.a.signature: cannot have header: gitlab sends the secret itself, and only "
                "x-gitlab-token is known not to be stored"
            )
        ],
    ),
    "a rate of nothing": (
        "integrations: {a: {rate: 0}}\n",
        ['1:26: integrations.a.rate: "0" is not between 1 and 10000'],
    ),
    # Types.
    "a text for a section": ("server: here\n", ['1:9: server: must be keys and values, not "here"']),
    "a list for a section": ("server: [1]\n", ["1:9: server: must be keys and values, not a list"]),
    "a list for names": ("teams: [ops]\n", ["1:8: teams: must be team names, each followed by a colon, not a list"]),
    "a mapping for a list": ("routes: {a: 1}\n", ["1:9: routes: must be a list, not a mapping"]),
    "a text for a list": (
        "teams: {ops: {members: ada}}\n",
        ['1:24: teams.ops.members: must be a list, not "ada"'],
    ),
    "a list for a value": ("server: {port: [1]}\n", ["1:16: server.port: must be one value, not a list"]),
    "nothing in a list": ("routes: [~]\n", ["1:10: routes[0]: nothing stands here"]),
    "a text for a pattern": (
        "routes: [{when: x}]\n",
        ['1:17: routes[0].when: must be a pattern like {source: [aws.health]}, not "x"'],
    ),
    # Values.
    "no duration": (
        "windows: {alert: 5}\n",
        ['1:18: windows.alert: "5" is not a duration; write a number and a unit, like 30s, 5m, 1h30m or 7d'],
    ),
    "too short": (
        "heartbeat: {url: http://a/, every: 1s}\n",
        ['1:36: heartbeat.every: "1s" is too short; at least 10s'],
    ),
    "too long": ("windows: {reopen: 8d}\n", ['1:19: windows.reopen: "8d" is too long; at most 7d']),
    "no number": ("server: {port: http}\n", ['1:16: server.port: "http" is not a whole number']),
    "too large a number": ("server: {port: 65536}\n", ['1:16: server.port: "65536" is not between 0 and 65535']),
    "neither true nor false": (
        "routes: [{auto_resolve: maybe}]\n",
        ['1:25: routes[0].auto_resolve: "maybe" is neither true nor false'],
    ),
    "none of the words": (
        "routes: [{severity: critcal}]\n",
        ['1:21: routes[0].severity: "critcal" is none of critical, high, warning, info; did you mean "critical"?'],
    ),
    "the beginning of a word": (
        "routes: [{kind: note}]\n",
        ['1:17: routes[0].kind: "note" is none of alert, notification'],
    ),
    "empty": ('server: {host: ""}\n', ['1:16: server.host: "" is empty']),
    "blanks around": ('server: {host: " ::1"}\n', ['1:16: server.host: " ::1" begins or ends with a blank']),
    "a line break": (
        'responders: {ada: {name: "a\\nb"}}\n',
        ['1:26: responders.ada.name: "a�b" has a control character or a line break'],
    ),
    "too long a text": (
        "responders: {ada: {name: " + "x" * 81 + "}}\n",
        ['1:26: responders.ada.name: "' + "x" * 60 + '…" has 81 characters, and may have 80'],
    ),
    "half a character": ('server: {host: "\\ud800"}\n', ["1:16: half a character stands here (\\ud800 to \\udfff)"]),
    "no Slack member": (
        "responders: {ada: {slack: '@ada'}}\n",
        [
            (
                '1:27: responders.ada.slack: "@ada" is not a Slack member ID like U012AB3CD '
                "(in their profile: ⋮, Copy member ID)"
            )
        ],
    ),
    "a channel that is a comment": (
        "teams:\n  ops:\n    slack: #ops\n",
        ['3:5: teams.ops.slack: in YAML a # begins a comment: write "#ops" with its quotes'],
    ),
    "an account of 11 digits": (
        "integrations: {a: {sns_accounts: 11112222333}}\n",
        ['1:34: integrations.a.sns_accounts: "11112222333" is not an AWS account ID of 12 digits'],
    ),
    "no queues": (
        f"integrations:\n  a: {{queues: http://a/111122223333/a}}\n  b:\n    queues: {{url: '{QUEUE}', dead_letters: http://b/}}\n",
        [
            f"2:7: integrations.a.queues: queue 1: its url is not at a host of Amazon SQS, like {QUEUE}",
            f"4:5: integrations.b.queues: queue 1: its dead_letters is not the address of a queue, like {QUEUE}",
        ],
    ),
    "one queue twice, and what is none": (
        f"integrations: {{a: {{queues: '{QUEUE}'}}, b: {{queues: ['{QUEUE}', []]}}}}\n",
        [
            "1:101: integrations.b.queues[0].url: is the same as integrations.a.queues.url; each needs its own",
            "1:160: integrations.b.queues[1]: must be keys and values, not a list",
        ],
    ),
    # Names.
    "no such responder": (
        "responders: {ada: {ntfy: http://a/}}\nteams: {ops: {members: [adda]}}\n",
        ['2:25: teams.ops.members[0]: there is no responder "adda"; did you mean "ada"?'],
    ),
    "no such team": (
        "teams: {ops: {}}\nintegrations: {a: {team: OPS}}\n",
        ['2:26: integrations.a.team: there is no team "OPS"; did you mean "ops"?'],
    ),
    "no such team, and none declared": (
        "routes: [{team: every}]\n",
        ['1:17: routes[0].team: there is no team "every"; did you mean "everyone"?'],
    ),
    "no such policy": ("teams: {ops: {policy: x}}\n", ['1:23: teams.ops.policy: there is no policy "x"']),
    "no such target": (
        "teams: {ops: }\npolicies: {p: {steps: [{ask: [teem, 'team:opps', team, 'team:ops']}]}}\n",
        [
            '2:31: policies.p.steps[0].ask[0]: there is no responder "teem"; did you mean "team"?',
            '2:37: policies.p.steps[0].ask[1]: there is no team "opps"; did you mean "team:ops"?',
        ],
    ),
    "an empty ladder": ("policies: {p: {steps: []}}\n", ["1:23: policies.p.steps: is empty, and must have at least 1"]),
    "a step that asks nobody": (
        "policies: {p: {steps: [{ask: []}]}}\n",
        ["1:30: policies.p.steps[0].ask: is empty, and must have at least 1"],
    ),
    "names are not missed where their declaration is broken": (
        "responders: 7\nteams: {ops: {members: [ada]}}\n",
        ["1:13: responders: must be responder names, each followed by a colon, not a text"],
    ),
    # Between keys.
    "Slack without a way for buttons": (
        "slack: {bot_token: test-token}\n",
        ["1:8: slack: needs app_token (Socket Mode, no public URL) or signing_secret (HTTP), so that buttons work"],
    ),
    "the wrong bot token": (
        "slack: {bot_token: xapp-, signing_secret: x}\n",
        ["1:8: slack: bot_token holds an app-level token (xapp-...); bot tokens begin with xoxb-"],
    ),
    "the wrong app token": (
        "slack: {bot_token: test-token, app_token: xoxb-}\n",
        ["1:8: slack: app_token holds a bot token (xoxb-...); app-level tokens begin with xapp-"],
    ),
    "a user name without a password": (
        "mail: {smtp: 'a:25', from: a@b, username: tocsin}\n",
        ["1:7: mail: needs username and password together, or neither"],
    ),
    "a certificate without its key": (
        "mail_in: {tls_certificate: cert.pem}\n",
        ["1:10: mail_in: needs tls_certificate and tls_key together, or neither"],
    ),
    "two integrations with one key": (
        "integrations:\n  a: {key: aaaaaaaaaaaaaaaa}\n  b: {key: aaaaaaaaaaaaaaaa}\n",
        ["3:12: integrations.b.key: is the same as integrations.a.key; each needs its own"],
    ),
    # Patterns.
    "a pattern that is none": (
        "routes:\n  - event:\n      source: aws.health\n",
        ['3:15: routes[0].event: source: must be an object or an array of values, not "aws.health"'],
    ),
    "a field that no alert has": (
        "routes: [{when: {tittle: [x]}}]\n",
        [
            '1:18: routes[0].when: an alert has no field "tittle"; it has ' + FIELDS_TOLD + '; did you mean "title"?',
        ],
    ),
    "a field that no alert has, within $or": (
        "routes: [{when: {$or: [{title: [x]}, {env: [x]}]}}]\n",
        [
            '1:39: routes[0].when.$or[1]: an alert has no field "env"; it has ' + FIELDS_TOLD,
        ],
    ),
    "a path below a text": (
        "routes: [{when: {title.x: [x], labels.env: [x]}}]\n",
        ['1:18: routes[0].when: an alert has no field "title.x"; it has ' + FIELDS_TOLD + '; did you mean "title"?'],
    ),
    "an alternative that is no pattern": (
        "routes: [{when: {$or: [x, {title: [x]}]}}]\n",
        ['1:24: routes[0].when: $or[0]: must be a pattern, not "x"'],
    ),
    "a word that no alert has": (
        "routes: [{when: {severity: [hihg, {prefix: x}, '${NET}']}}]\n",
        ['1:29: routes[0].when.severity[0]: "hihg" is none of critical, high, warning, info; did you mean "high"?'],
    ),
    "labels without names": (
        "routes: [{when: {labels: [x]}}]\n",
        ["1:26: routes[0].when.labels: labels are texts by name: write {labels: {env: [staging]}}"],
    ),
    "a text with names": (
        "routes: [{when: {title: {a: [x]}}}]\n",
        ["1:25: routes[0].when.title: this field of an alert is a text: write a list of values or conditions"],
    ),
    "a number that is none": (
        "routes: [{event: {a: [1e999]}}]\n",
        ['1:23: routes[0].event.a[0]: "1e999" is too large a number'],
    ),
    "a pattern with a key that is no word": (
        "routes: [{when: {? [a] : [b]}}]\n",
        ["1:20: a key must be a word"],
    ),
    "a mapping of something else": (
        "integrations: {a: {mapping: {titel: x}}}\n",
        ['1:30: integrations.a.mapping: unknown key "titel"; did you mean "title"?'],
    ),
    "an expression that is none": (
        "integrations:\n  a:\n    mapping:\n      title: $uppercase(name\n      ignore: $x()\n",
        [
            NO_EXPRESSION,
            NO_FUNCTION,
        ],
    ),
    "a list for an expression": (
        "integrations: {a: {mapping: {title: [x]}}}\n",
        ["1:37: integrations.a.mapping.title: must be an expression, in quotes if it begins with [ or {, not a list"],
    ),
    # The environment.
    "not in the environment": (
        'slack: {bot_token: "${SLACK_BOT_TOKN}", app_token: x}\n',
        [
            (
                "1:20: slack.bot_token: … asks for SLACK_BOT_TOKN, which the environment does not have; "
                'did you mean "SLACK_BOT_TOKEN"?'
            )
        ],
    ),
    "half a name of the environment": (
        'server: {host: "${"}\n',
        ['1:16: server.host: "${" has a ${ that is not followed by NAME}; write $${ for the characters themselves'],
    ),
    "the environment is not UTF-8": (
        'server: {host: "${BROKEN}"}\n',
        ['1:16: server.host: "${BROKEN}" is filled in with bytes that are not UTF-8'],
    ),
    "the environment in a pattern": (
        "routes: [{when: {title: ['${NOPE}']}}]\n",
        ['1:26: routes[0].when.title[0]: "${NOPE}" asks for NOPE, which the environment does not have'],
    ),
    "the environment makes a pattern invalid": (
        "routes: [{event: {a: [{cidr: '${NET}'}]}}]\n",
        ["1:30: routes[0].event: this is not a valid pattern once the environment is filled in"],
    ),
    # Several.
    "all at once, in the order of the file": (
        "server: {port: x, hots: y}\nwindows: {alert: z}\n",
        [
            '1:16: server.port: "x" is not a whole number',
            '1:19: server: unknown key "hots"; did you mean "host"?',
            '2:18: windows.alert: "z" is not a duration; write a number and a unit, like 30s, 5m, 1h30m or 7d',
        ],
    ),
    "what an alias repeats is told once, where it stands": (
        "routes:\n  - &r {severity: bad}\n  - *r\n",
        [
            '2:19: routes[0].severity: "bad" is none of critical, high, warning, info',
        ],
    ),
}


def test_a_file_that_is_wrong_throughout_is_told_soon() -> None:
    names = ", ".join(f"ada{number}" for number in range(150))
    lines = told(f"responders: {{ada: }}\nteams: {{ops: {{members: [{names}]}}}}\n")
    assert len(lines) == 150
    assert [line.endswith('did you mean "ada"?') for line in lines] == [True] * 100 + [False] * 50


def told(raw: bytes | str) -> list[str]:
    """Every line that is told about the file *raw*."""
    with pytest.raises(SettingsError) as caught:
        parse(raw if isinstance(raw, bytes) else raw.encode(), FILLED, "f")
    assert caught.value.code == "config-invalid"
    return [line.removeprefix("f:").removeprefix(" ") for line in caught.value.message.split("\n")]


@pytest.mark.parametrize(("text", "lines"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_told(text: str, lines: list[str]) -> None:
    assert told(text) == lines


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "not a mapping": (b"- a\n", "1:1: the file must hold keys and values like `teams:`"),
    "a text": (b"hello", "1:1: the file must hold keys and values like `teams:`"),
    "a tab": (b"teams:\n\tops: {}\n", "2:1: a tab stands here; YAML indents with spaces"),
    "a tab within": (b"teams:\n  ops:\n  \tslack: x\n", "3:3: a tab stands here; YAML indents with spaces"),
    "not UTF-8": (b"teams:\n  \xff: {}\n", "2:3: the file is not UTF-8: byte 9 is 0xFF"),
    "UTF-16": ("teams: {}".encode("utf-16"), "1:1: the file is not UTF-8: byte 0 is 0xFF"),
    "a NUL byte": (b"teams:\n  a\x00: {}\n", "2:4: the character U+0000 must not stand in a YAML file"),
    "an open bracket": (
        b"teams: {ops: [1\n",
        "2:1: this is no YAML: while parsing a flow sequence of line 1: expected ',' or ']', but got '<stream end>'",
    ),
    "wrong indentation": (
        b"server:\n    port: 1\n  host: a\n",
        (
            "3:3: this is no YAML: while parsing a block mapping of line 1: "
            "expected <block end>, but found '<block mapping start>'"
        ),
    ),
    "an unquoted *": (b"mail: {password: *sesame}\n", "1:18: a value that begins with * needs quotes"),
    "an unquoted @": (
        b"server: {host: @a}\n",
        "1:16: this is no YAML: found character '@' that cannot start any token",
    ),
    "two documents": (b"teams: {}\n---\nteams: {}\n", "2:1: a second document begins here; there must be one only"),
    "an anchor twice": (b"windows: &a {}\nserver: &a {}\n", "2:9: this anchor stands twice"),
    "an escape too large": (
        b'server: {host: "\\UFFFFFFFF"}\n',
        "1:19: this is no YAML: a number in an escape is too large",
    ),
    "a list in itself": (b"routes: &a [*a]\n", "1:9: this value contains itself"),
    "deep": (b"routes: " + b"[" * 50 + b"]" * 50, "1:47: nested deeper than 40 levels"),
    "deep by aliases": (
        b"".join(b"k%d: &k%d [%s]\n" % (n, n, b"*k%d" % (n - 1) if n else b"") for n in range(50)),
        "41:6: with its aliases followed, this is deeper than 40 levels",
    ),
    "a thousand million values": (
        b"".join(b"k%d: &k%d [%s]\n" % (n, n, b",".join([b"*k%d" % (n - 1)] * 10) if n else b"x") for n in range(10)),
        "6:5: with its aliases followed, this has more than 100000 values",
    ),
    "too large": (b"#" * ((1 << 18) + 1), "the file has more than 262144 bytes"),
}


@pytest.mark.parametrize(("raw", "line"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_file_that_cannot_be_read_is_told(raw: bytes, line: str) -> None:
    assert told(raw) == [line]


SECRET = "open-sesame-0123"  # An invented one.
LEAKS = [
    f"mail: {{password: {SECRET}, password: {SECRET}}}",
    f"mail: {{password: [{SECRET}]}}",
    f"mail: password:{SECRET}",
    f"mail: {{password:{SECRET}}}",
    f"mail: {{password:{SECRET}: 1}}",
    f"mail: {{passwrd: {SECRET}}}",
    f"mail: {{password: *{SECRET}}}",
    f"mail: {{password: !{SECRET}}}",
    f"mail: {{password: !a!{SECRET} b}}",
    f"mail: {{password: &{SECRET} &{SECRET}}}",
    f'mail: {{password: " {SECRET}"}}',
    f'mail: {{password: "{SECRET}',
    f"mail: {{password: #{SECRET}",
    f"mail:\n  password: {SECRET}\n bad",
    f"mail:\n  password: {SECRET}\n\tbad",
    f"slack: {SECRET}",
    f"slack: [{SECRET}]",
    f"slack: {{bot_token: xapp-{SECRET}, app_token: x}}",
    f"integrations: {{a: {{key: {SECRET}}}, b: {{key: {SECRET}}}}}",
    f"integrations: {{a: {{key: {SECRET}/}}}}",
    f"integrations: {{a: {SECRET}}}",
    f"integrations: {SECRET}",
    f"heartbeat: {{url: ftp://{SECRET}}}",
    f"heartbeat: {SECRET}",
    f"responders: {{ada: {{ntfy: 'https://ntfy.example.com/{SECRET}?'}}}}",
    f"server: {{url: 'https://user:{SECRET}@example.com'}}",
    "mail: {password: '${OPEN} '}",
    "server: {host: '${OPEN}/'}",
    "routes: [{event: {a: [{cidr: '${OPEN}'}]}}]",
    "routes: [{team: '${OPEN}'}]",
    "routes: [{kind: '${OPEN}'}]",
    "windows: {alert: '${OPEN}'}",
]


@pytest.mark.parametrize("text", LEAKS)
def test_no_message_shows_a_secret(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text.encode(), {"OPEN": SECRET})
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.problems}"
