"""A configuration is read as people mean it; whatever the file holds, the answer is settings or a list of problems."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tocsin import sources
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND
from tocsin.sources.mapped import NAMES
from tocsin.wiring.settings import Responder, Settings, Team
from tocsin.wiring.settings_file import TEMPLATE, inspect, load, parse
from tocsin.wiring.settings_integrations import Integration, Queue
from tocsin.wiring.settings_kinds import Kind, Many, Named, Secret, Section, entries
from tocsin.wiring.settings_mapping import SourceMapping
from tocsin.wiring.settings_problems import Problem, SettingsError

WHOLE = """
responders:
  ada: {name: Ada Lovelace, slack: U012, email: ada@example.com, ntfy: "https://ntfy.example.com/${TOPIC}"}
  no:
  "007": {slack: W0123}
teams:
  ops: {members: [ada, no, 007], slack: "#ops", policy: default}
  web: {slack: C0123}
policies:
  default:
    steps: [{ask: ada, wait: 1h30m}, {ask: [no, team:web]}, {ask: team}]
    repeat: 1
    everyone_every: 10m
    ack_timeout: 2h
routes:
  - {name: quiet, when: {labels: {env: [staging]}, account: [111122223333, true]}, kind: notification}
  - {event: {n: [1, {numeric: [">", 2.5]}, true, null]}, team: web, policy: default, severity: info, auto_resolve: NO}
integrations:
  aws: {team: web, key: "${KEY}", sns_accounts: [111122223333, "012345678901"]}
  other: {sns_accounts: 012345678901}
windows: {alert: 1d, notification: 30s, reopen: 0s}
server: {host: "::1", port: "${PORT}", url: "https://tocsin.example.com/"}
slack: {bot_token: "${BOT}", app_token: "", signing_secret: test}
mail: {smtp: "smtp.example.com:587", from: tocsin@example.com, username: u, password: "$${p", tls: tls}
heartbeat: {url: "https://hc.example.com/ping", every: 30s}
retention: {deliveries: 2w, incidents: 365d}
""".replace('app_token: "", ', "app_token: , ")
ENVIRON = {"TOPIC": "topic", "KEY": "k" * 16, "PORT": "9000", "BOT": "test-token"}


def read(text: str) -> Settings:
    return parse(text.encode(), ENVIRON).settings


def test_everything_that_can_be_written_is_read() -> None:
    found = read(WHOLE)
    assert found.responders["ada"] == Responder(
        name="Ada Lovelace", slack="U012", email="ada@example.com", ntfy=Secret("https://ntfy.example.com/topic")
    )
    assert found.teams["ops"] == Team(members=("ada", "no", "007"), slack="#ops", policy="default")
    policy = found.policies["default"]
    assert [(step.ask, step.wait) for step in policy.steps] == [
        (("ada",), 90 * MINUTE),
        (("no", "team:web"), 5 * MINUTE),
        (("team",), 5 * MINUTE),
    ]
    assert (policy.repeat, policy.everyone_every, policy.ack_timeout) == (1, 10 * MINUTE, 2 * HOUR)
    first, second = found.routes
    assert (first.name, first.kind, first.auto_resolve) == ("quiet", "notification", True)
    assert (second.name, second.team, second.policy, second.severity) == ("route 2", "web", "default", "info")
    assert second.auto_resolve is False
    accounts = ("111122223333", "012345678901")
    assert found.integrations["aws"] == Integration(team="web", key=Secret("k" * 16), sns_accounts=accounts)
    assert found.integrations["other"] == Integration(team="ops", sns_accounts=("012345678901",))
    assert (found.windows.alert, found.windows.notification, found.windows.reopen) == (DAY, 30 * SECOND, 0)
    assert (found.server.host, found.server.port, found.server.url) == ("::1", 9000, "https://tocsin.example.com/")
    assert found.slack is not None
    assert (found.slack.bot_token.reveal(), found.slack.app_token) == ("test-token", None)
    assert found.mail is not None
    assert found.mail.password is not None
    assert (found.mail.sender, found.mail.password.reveal(), found.mail.tls) == ("tocsin@example.com", "${p", "tls")
    assert found.heartbeat is not None
    assert (found.heartbeat.url.reveal(), found.heartbeat.every) == ("https://hc.example.com/ping", 30 * SECOND)
    assert (found.retention.deliveries, found.retention.incidents) == (14 * DAY, 365 * DAY)


def test_a_pattern_over_the_alert_takes_numbers_for_texts() -> None:
    when = read(WHOLE).routes[0].when
    assert when is not None
    assert when.matches({"labels": {"env": "staging"}, "account": "111122223333"})
    assert when.matches({"labels": {"env": "staging"}, "account": "true"})


def test_a_pattern_over_the_alert_keeps_numbers_in_conditions() -> None:
    found = read(
        "routes: [{when: {$or: [{title: [{equals-ignore-case: 'X'}]}, {labels: {n: [{numeric: ['=', 1]}]}}]}}]"
    )
    when = found.routes[0].when
    assert when is not None
    assert when.matches({"title": "x"})
    assert when.matches({"labels": {"n": 1}})
    assert not when.matches({"labels": {"n": "1"}})


@pytest.mark.parametrize(
    ("value", "matches"), [(1, True), (3, True), (2, False), (True, True), (None, True), ("1", False)]
)
def test_a_pattern_over_the_event_takes_words_for_what_they_are(value: object, matches: bool) -> None:
    found = read(WHOLE).routes[1].event
    assert found is not None
    assert found.matches({"n": value}) is matches


def test_the_environment_is_read_in_patterns() -> None:
    found = read("routes: [{event: {a: ['${PORT}', '$${PORT}']}}]").routes[0].event
    assert found is not None
    assert found.matches({"a": "9000"})
    assert found.matches({"a": "${PORT}"})


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "~\n", "{}\n", "\ufeff", "teams:\nserver:\n", "teams: {}\n"]
)
def test_an_empty_file_is_no_file(text: str) -> None:
    assert read(text) == load(None, {})


def test_without_a_file_there_are_a_team_and_an_integration() -> None:
    found = load(None, {})
    assert found.teams == {"everyone": Team()}
    assert found.integrations == {"default": Integration(team="everyone")}
    assert found.first_team == "everyone"


def test_without_teams_everyone_is_one() -> None:
    assert read("responders: {ada: , bo: {}}").teams == {"everyone": Team(members=("ada", "bo"))}
    assert read("responders: {ada: }\nroutes: [{team: everyone}]").routes[0].team == "everyone"


def test_the_integration_default_is_always_there() -> None:
    found = read("teams: {ops: , web: }\nintegrations: {aws: {team: web}}")
    assert {name: each.team for name, each in found.integrations.items()} == {"default": "ops", "aws": "web"}


def test_a_responder_without_a_name_is_called_by_the_key() -> None:
    assert read("responders: {ada: }").responders["ada"].name == "ada"


def test_an_alias_is_its_anchor() -> None:
    found = read("teams:\n  a: &team {slack: C0123}\n  b: *team\n")
    assert found.teams["a"] == found.teams["b"] == Team(slack="C0123")


def test_settings_hide_their_secrets() -> None:
    found = read(WHOLE)
    for secret in ("https://ntfy.example.com/topic", "k" * 16, "test-token", "https://hc.example.com/ping", "${p"):
        assert secret not in repr(found)
    assert "key=…" in repr(found)
    with pytest.raises(TypeError):
        msgspec.json.encode(found.integrations)


def test_secrets_are_compared_by_what_they_hide() -> None:
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text("server: {port: 1}\n", encoding="utf-8")
    assert load(path, {}).server.port == 1


def test_what_cannot_be_read_from_disk_is_told(tmp_path: Path) -> None:
    for path, complaint in [
        (tmp_path / "none.yaml", "there is no such file; `tocsin init` writes one"),
        (tmp_path / "a\0b", "there is no such file; `tocsin init` writes one"),
        (tmp_path, "cannot be read: Is a directory"),
    ]:
        with pytest.raises(SettingsError) as caught:
            load(path, {})
        assert caught.value.message == f"{path}: {complaint}"


def test_the_template_is_the_defaults() -> None:
    found = inspect(TEMPLATE, {}).settings
    assert found == load(None, {})


def test_the_template_is_valid_with_all_its_examples(tmp_path: Path) -> None:
    (tmp_path / "backup.asl.json").write_text('{"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}')
    addresses = dict.fromkeys(["ADA_NTFY", "ADA_CALENDAR", "HEARTBEAT_URL"], "https://example.com/x")
    found = parse(uncommented().encode(), addresses | TOKENS, str(tmp_path / "tocsin.yaml"))
    assert set(found.settings.responders) == {"ada", "bo"}
    assert found.settings.teams["everyone"].slack == "#ops"
    assert len(found.settings.routes) == 2


def test_the_template_shows_every_key() -> None:
    document = yaml.safe_load(uncommented())
    assert list(missing(Section(Settings), document, "")) == []


TOKENS = {
    name: f"test-value-of-{name.lower()}"
    for name in (
        "TOCSIN_KEY",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SMTP_PASSWORD",
        "TEAMS_APP_PASSWORD",
        "TWILIO_TOKEN",
        "GRAFANA_SECRET",
    )
}


def uncommented() -> str:
    """The template with its examples in force."""
    lines = TEMPLATE.read_text(encoding="utf-8").split("\n")
    return "\n".join(
        line.replace("# ", "", 1) if line.lstrip().startswith("# ") and line[0] == " " else line for line in lines
    )


def missing(kind: Kind, value: Json, where: str) -> list[str]:
    """The keys that no example in *value* shows."""
    if isinstance(kind, Section):
        items = value if isinstance(value, list) else [value]
        found = []
        for name, entry in entries(kind.struct).items():
            shown = [item[name] for item in items if name in item]
            found += missing(entry.key.kind, shown[0], f"{where}.{name}") if shown else [f"{where}.{name}"]
        return found
    if isinstance(kind, Named):
        return missing(kind.of, [each for each in value.values() if each], where)
    if isinstance(kind, Many) and isinstance(kind.of, Section):
        return missing(kind.of, value, where)
    return []


WORDS = st.sampled_from(
    [*entries(Settings), "steps", "ask", "when", "event", "key", "ada", "team", "5m", "${X}", "${", "$${", "<<", "$or"]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), WORDS)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
YAMLISH = st.text(alphabet=st.sampled_from("ab0 \n\t:-,[]{}#&*!|>'\"%@`~?<$.\\\x85\ufeff\ud800UxF"), max_size=60)


def attempt(raw: bytes) -> None:
    """Only settings or a SettingsError may come of *raw*, and the error can be printed and sent."""
    problems: Sequence[Problem] = ()
    message = ""
    try:
        assert parse(raw, {"X": "x"}).settings.teams
    except SettingsError as error:
        problems, message = error.problems, error.message
    assert message.encode().decode() == message
    json.dumps([msgspec.structs.asdict(problem) for problem in problems])
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


@settings(max_examples=300, deadline=None)
@given(YAMLISH)
@example('"\\U00110000"')
@example("%YAML 1." + "9" * 5000 + "\n---\na")
@example("a: !<\n")
@example("%TAG ! ")
@example("? ")
@example("*")
@example("teams: \ud800")
def test_no_text_breaks_the_reader(text: str) -> None:
    attempt(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    attempt(raw)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*entries(Settings)]), DOCUMENTS, max_size=4))
def test_no_values_break_the_reader(document: object) -> None:
    attempt(yaml.dump(document, allow_unicode=True).encode("utf-8", "surrogatepass"))


def test_a_queue_is_an_address_or_has_keys_alone_or_in_a_list() -> None:
    host = "https://sqs.eu-west-1.amazonaws.com/111122223333"
    role = "arn:aws:iam::111122223333:role/tocsin-reads"
    config = f"""
        integrations:
          a: {{queues: {host}/a}}
          b: {{queues: {{url: "{host}/b", role: "{role}"}}}}
          c: {{queues: ["{host}/c", {{url: "{host}/d", dead_letters: "${{LETTERS}}"}}]}}
    """
    found = parse(config.encode(), {"LETTERS": f"{host}/e"}).settings.integrations
    assert found["a"].queues == (Queue(url=f"{host}/a"),)
    assert found["b"].queues == (Queue(url=f"{host}/b", role=role),)
    assert found["c"].queues == (Queue(url=f"{host}/c"), Queue(url=f"{host}/d", dead_letters=f"{host}/e"))


def test_whoever_runs_us_may_read_queues_elsewhere() -> None:
    config = b"integrations: {a: {queues: 'http://127.0.0.1:4566/111122223333/a'}}"
    (queue,) = parse(config, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}).settings.integrations["a"].queues
    assert queue.url == "http://127.0.0.1:4566/111122223333/a"


def test_a_mapping_is_compiled_when_the_file_is_read() -> None:
    text = "integrations:\n  a:\n    mapping:\n      title: name & '!'\n      ignore: false\n  b: {mapping: {}}\n"
    settings = parse(text.encode(), {}).settings
    made = settings.integrations["a"].mapping
    assert made is not None
    (alert,) = sources.read({}, b'{"name": "x"}', received_at=0, mapping=made.compiled()).alerts
    assert alert.title == "x!"
    nothing = settings.integrations["b"].mapping
    assert nothing is not None
    assert nothing.compiled() is None


def test_a_mapping_can_say_what_the_core_knows() -> None:
    assert tuple(sorted(entries(SourceMapping))) == tuple(sorted(NAMES))
