"""The published JSON Schema and the documentation say what the table of keys says; UPDATE=1 rewrites both."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tocsin.kernel.json import Json
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_kinds import (
    Choice,
    Entry,
    Flag,
    Formula,
    Kind,
    Many,
    Named,
    Network,
    PatternOf,
    Ref,
    Section,
    Span,
    Text,
    Url,
    Whole,
    entries,
)
from tocsin.wiring.settings_problems import SettingsError
from tocsin.wiring.settings_schema import PUBLISHED, default_text, schema, schema_text, span_text

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"
TABLE = re.compile(r"(<!-- keys of `([\w.*\[\]]*)` -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def test_the_published_schema_is_the_newest() -> None:
    if os.environ.get("UPDATE"):
        PUBLISHED.write_text(schema_text(), encoding="utf-8")
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        (("responders", "*", "slack"), ["U012AB3CD", "${ID}", None], ["ada", ""]),
        (("teams", "*", "slack"), ["#ops", "C0123"], ["ops", 1]),
        (("server", "port"), [8420, "${PORT}", None], [65536, "http"]),
        (("windows", "alert"), ["7d", "1h30m"], ["7", 7, "d"]),
        (("heartbeat", "url"), ["https://example.com/"], ["ftp://example.com/", 1]),
        (("mail", "tls"), ["none", None], ["no", False]),
        (("routes", "[]", "auto_resolve"), [True, "${AUTO}"], ["maybe", 1]),
        (("routes", "[]", "when"), [{"title": ["x"]}], [[], {}, "x"]),
        (("policies", "*", "steps", "[]", "ask"), ["ada", ["ada", "bo"]], [[], 1]),
        (("integrations", "*", "sns_accounts"), ["111122223333", [111122223333], []], ["1", [{}]]),
        (
            ("integrations", "*", "queues"),
            ["https://sqs.x/1/a", {"url": "${QUEUE}"}, ["http://a", {"url": "http://a", "role": None}], None],
            ["x", {"dead_letters": "http://a"}, [{}], 7],
        ),
        (("integrations", "*", "mail", "from"), ["ada@example.com", ["@example.com"]], ["example.com", "a b@c", 1]),
        (("mail_in", "size_max"), [65536], [65535, "large"]),
        (("integrations", "*", "allow"), ["192.0.2.1", ["2001:db8::/32", "${NET}"], []], ["everywhere", 1]),
        (("integrations", "*", "signature", "kind"), ["github"], ["hub", 1]),
        (("integrations", "*", "rate"), [1, "${RATE}", None], [0, "fast"]),
        (("teams",), [{"ops": {}}, {"ops": None}, None], [{"the team": {}}, ["ops"], {"ops": {"membres": []}}]),
        (("responders",), [{"ada": {}}], [{"team": {}}]),
        (("integrations", "*", "mapping", "title"), ["name", "$uppercase(name)", True, 7, None], [[], {}]),
        (("mail",), [{"smtp": "a:25", "from": "a@b"}], [{"smtp": "a:25"}, "a:25"]),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_the_schema_accepts_what_is_right_and_nothing_else(
    path: tuple[str, ...], good: list[Json], bad: list[Json]
) -> None:
    part = schema()
    for step in path:
        part = next(each for each in [part, *part.get("anyOf", [])] if step_into(each, step) is not None)
        part = step_into(part, step)
    assert [value for value in good if not accepts(part, value)] == []
    assert [value for value in bad if accepts(part, value)] == []


def step_into(part: Json, step: str) -> Json:
    """The schema of what stands at *step* inside."""
    if step == "*":
        return part.get("additionalProperties")
    return part.get("items") if step == "[]" else part.get("properties", {}).get(step)


def accepts(part: Json, value: Json) -> bool:  # noqa: C901, PLR0912 - one line for each keyword that the schema uses.
    """Whether *value* is valid: the keywords of JSON Schema that ours uses, and no other."""
    holds = True
    for keyword, wanted in part.items():
        match keyword:
            case "$schema" | "title" | "description" | "default":
                continue
            case "type":
                names = wanted if isinstance(wanted, list) else [wanted]
                holds = any(type(value) in TYPES[name] for name in names)
            case "anyOf":
                holds = any(accepts(each, value) for each in wanted)
            case "not":
                holds = not accepts(wanted, value)
            case "enum":
                holds = value in wanted
            case "pattern":
                holds = not isinstance(value, str) or re.search(wanted, value) is not None
            case "minLength":
                holds = not isinstance(value, str) or len(value) >= wanted
            case "maxLength":
                holds = not isinstance(value, str) or len(value) <= wanted
            case "minimum":
                holds = not isinstance(value, int) or value >= wanted
            case "maximum":
                holds = not isinstance(value, int) or value <= wanted
            case "minItems":
                holds = not isinstance(value, list) or len(value) >= wanted
            case "minProperties":
                holds = not isinstance(value, dict) or len(value) >= wanted
            case "items":
                holds = not isinstance(value, list) or all(accepts(wanted, each) for each in value)
            case "required":
                holds = not isinstance(value, dict) or set(wanted) <= set(value)
            case "propertyNames":
                holds = not isinstance(value, dict) or all(accepts(wanted, name) for name in value)
            case "properties":
                holds = not isinstance(value, dict) or all(
                    accepts(wanted[name], each) for name, each in value.items() if name in wanted
                )
            case "additionalProperties":
                others = set(value) - set(part.get("properties", {})) if isinstance(value, dict) else set()
                holds = not others if wanted is False else all(accepts(wanted, value[name]) for name in others)
            case _:
                raise AssertionError(keyword)
        if not holds:
            return False
    return True


TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "number": (int, float),
    "null": (type(None),),
}


def test_the_schema_and_the_reader_agree_on_the_examples_of_the_documentation() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) > 5
    for example in examples:
        assert accepts(schema(), yaml.safe_load(example)), example
        complaints: list[str] = []
        try:
            parse(example.encode(), ENVIRON)
        except SettingsError as error:
            complaints = [error.message]
        assert complaints == [], example


ENVIRON = dict.fromkeys(("ADA_NTFY", "HEARTBEAT_URL"), "https://example.com/x") | {
    name: f"test-value-of-{name.lower()}"
    for name in (
        "TOCSIN_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SMTP_PASSWORD", "GITHUB_SECRET",
        "TEAMS_APP_PASSWORD", "GRAFANA_SECRET", "OUR_SECRET", "TWILIO_TOKEN",
    )
}  # fmt: skip


def test_every_key_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    sections = dict(walk(Section(Settings), ""))
    fresh = TABLE.sub(lambda found: found[1] + table(sections[found[2]]) + found[4], text)
    if os.environ.get("UPDATE"):
        DOCUMENT.write_text(fresh, encoding="utf-8")
    assert [found[2] for found in TABLE.finditer(text)] == list(sections)
    assert DOCUMENT.read_text(encoding="utf-8") == fresh


def walk(kind: Kind, where: str) -> Iterator[tuple[str, Section]]:
    """Every section by its path: `policies.*.steps[]`."""
    match kind:
        case Section():
            yield where, kind
            for name, entry in entries(kind.struct).items():
                yield from walk(entry.key.kind, f"{where}.{name}" if where else name)
        case Named():
            yield from walk(kind.of, f"{where}.*")
        case Many():
            yield from walk(kind.of, f"{where}[]")
        case _:
            return


def table(section: Section) -> str:
    """The keys of a section as Markdown."""
    rows = [
        f"| `{name}` | {described(entry.key.kind)} | {default(entry)} | {entry.key.meaning} |\n"
        for name, entry in entries(section.struct).items()
    ]
    return "| key | value | default | meaning |\n|---|---|---|---|\n" + "".join(rows)


SAID: dict[type, str] = {
    PatternOf: "an event pattern",
    Formula: "an expression",
    Flag: "`true` or `false`",
    Url: "an http or https address",
    Network: "a network like 192.0.2.0/24, or an address",
}


def described(kind: Kind) -> str:
    """What may stand there, in words."""
    match kind:
        case Section():
            return f"its `{kind.short}`, or keys, see below" if kind.short else "keys, see below"
        case Named():
            if isinstance(kind.of, Text):
                return f"{kind.word}s, each with {described(kind.of)}"
            return f"{kind.word} names, each with keys, see below"
        case Many():
            one = described(kind.of)
            return f"{one}; or a list" if kind.single else f"a list: {one}"
        case PatternOf() | Formula() | Flag() | Url() | Network():
            return SAID[type(kind)]
        case Whole():
            return f"{kind.least} to {kind.most}"
        case Span():
            return f"{span_text(kind.least)} to {span_text(kind.most)}"
        case Choice():
            return ", ".join(f"`{word}`" for word in kind.words)
        case Ref():
            return f"a {kind.to}"
        case Text():
            return kind.what


def default(entry: Entry) -> str:
    """The default, as one would write it."""
    if entry.required:
        return "required"
    value = default_text(entry)
    return "" if value is None else f"`{json.dumps(value)}`".replace('"', "")
