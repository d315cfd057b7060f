"""The table of AWS holds together: every row is tried, what resolves finds what fires, and the page tells all of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.sources import bodies
from tests.sources.aws_events import FAMILIES, aws_events
from tocsin.incidents.alerts import AlertStatus, Kind
from tocsin.kernel.json import Json
from tocsin.sources import Reading, read
from tocsin.sources.aws import places, telling
from tocsin.sources.aws.row import ALARMING, Meaning, Row, Sign
from tocsin.sources.aws.table import BY_TYPE, ROWS

PAGE = Path(__file__).parents[2] / "docs" / "aws-events.md"
MARK = "<!-- the table -->\n"
PLACES_MAX = 4  # Of one thing on the page; more of them say nothing to a reader.
WORDS_MAX = 12

SAMPLES = [sample for family in FAMILIES.values() for sample in family()]


def reading(body: Json) -> Reading:
    return read({}, bodies.encoded(body), received_at=bodies.NOW)


def rows_of(found: Reading) -> set[str]:
    """The first type of each row that has read something of it."""
    return {BY_TYPE[alert.labels["detail-type"]].types[0] for alert in found.alerts}


def resolves(row: Row) -> bool:
    return any(Meaning.OVER in {sign.meaning, sign.else_} for sign in row.means)


def test_a_type_has_one_row_only() -> None:
    names = [name for row in ROWS for name in row.types]
    assert len(names) == len(set(names)) == len(BY_TYPE)


def test_every_row_has_a_sample() -> None:
    tried = {name for _, body in SAMPLES for name in rows_of(reading(body))}
    assert tried == {row.types[0] for row in ROWS}


@pytest.mark.parametrize("row", [row for row in ROWS if resolves(row)], ids=lambda row: row.types[0])
def test_what_is_over_has_the_key_of_what_it_mends(row: Row) -> None:
    fired: set[str] = set()
    mended: set[str] = set()
    for _, body in SAMPLES:
        for alert in reading(body).alerts:
            if alert.status is AlertStatus.FIRING:
                fired.add(alert.dedup_key)
            elif BY_TYPE[alert.labels["detail-type"]] == row:
                mended.add(alert.dedup_key)
    assert mended
    assert mended <= fired


@pytest.mark.parametrize(("told", "body"), SAMPLES, ids=[told for told, _ in SAMPLES])
def test_a_key_knows_neither_the_run_nor_how_it_went(told: str, body: Json) -> None:
    found = reading(body)
    assert found.problems == ()
    for alert in found.alerts:
        row = BY_TYPE[alert.labels["detail-type"]]
        event = found.event if isinstance(found.event, dict) else {}
        detail = event.get("detail", event)
        run = places.text(detail, row.run) if row.run else ""
        matters = {sign.thread for sign in row.means} | {row.thread, alert.labels["detail-type"]}
        key = alert.dedup_key.removesuffix(telling.NEWS_MARK).split("|")
        assert key[0] == "aws", told
        assert run not in key or not run
        assert key[2] in matters or "{" in row.thread


@pytest.mark.parametrize(("told", "body"), SAMPLES, ids=[told for told, _ in SAMPLES])
def test_every_title_and_address_is_whole(told: str, body: Json) -> None:
    for alert in reading(body).alerts:
        assert places.MISSING not in alert.title, told
        assert "{" not in alert.title
        assert "  " not in alert.title
        assert "arn:" not in alert.title
        assert alert.links, told
        assert not any("{" in link.href or "?region=&" in link.href for link in alert.links)


def test_only_alerts_have_the_key_that_is_resolved() -> None:
    for _, body in SAMPLES:
        for alert in reading(body).alerts:
            graded = alert.kind is Kind.NOTIFICATION and not alert.dedup_key.endswith(telling.NEWS_MARK)
            row = BY_TYPE[alert.labels["detail-type"]]
            assert not graded or row.severity or row.counts or not row.alarms


def test_deployments_are_changes_and_failures_are_none() -> None:
    changed = {told for told, body in SAMPLES if reading(body).changes}
    assert {"pipeline succeeds", "deployment succeeds", "stack complete", "rollout completes"} <= changed
    assert {"push to main", "push, by a trigger", "pull request merged", "a function is updated"} <= changed
    assert {"pipeline fails", "push to a branch", "pull request", "a bucket is read", "logging not stopped"}.isdisjoint(
        changed
    )


def test_a_run_is_one_change_from_its_start_to_its_end() -> None:
    by_name = dict(aws_events())
    for start, end in (("pipeline starts", "pipeline succeeds"), ("rollout begins", "rollout completes")):
        assert reading(by_name[start]).changes[0].key == reading(by_name[end]).changes[0].key


def test_nothing_that_approves_or_authorises_is_shown() -> None:
    for told in ("approval needed", "hook", "execution times out"):
        (alert,) = reading(dict(aws_events())[told]).alerts
        assert "test-token" not in str(alert)
        assert "not a label" not in str(alert)


# The page


def test_the_page_tells_of_every_row() -> None:
    text = PAGE.read_text(encoding="utf-8")
    head, _, _ = text.partition(MARK)
    right = head + MARK + page()
    if os.environ.get("UPDATE"):
        PAGE.write_text(right, encoding="utf-8")
        text = right
    assert text == right, "UPDATE=1 renews it; read the difference"


def page() -> str:
    lines = [
        "",
        "| type | what it means | dedup key is made of | resolved by | page of the console |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {' | '.join([kinds(row), meaning(row), key(row), over(row), console(row)])} |"
        for row in sorted(ROWS, key=lambda row: row.service.lower())
    ]
    return "\n".join([*lines, ""])


def kinds(row: Row) -> str:
    return "<br>".join([f"**{row.service}**", *row.types])


def meaning(row: Row) -> str:
    told = [
        f"{'notification' if found is Meaning.NEWS else f'alert, {found.value}'}: {words(row, found)}"
        for found in (Meaning.CRITICAL, Meaning.HIGH, Meaning.WARNING, Meaning.NEWS)
        if words(row, found)
    ]
    graded = row.severity or row.counts
    rest = f"as `{graded}` grades it" if graded else otherwise(row)
    changes = [f"`{word}`" for word, sign in named(row) if sign.change]
    told += [f"{'else ' if told else ''}{rest}"] if rest else []
    told += [f"a change: {listed(changes)}"] if changes else ["a change, unless it only reads"] if row.harmless else []
    return "; ".join(told)


def otherwise(row: Row) -> str:
    if row.otherwise is None:
        return "by its words"
    found = row.otherwise.meaning
    return "notification" if found is Meaning.NEWS else f"alert, {found.value}"


def over(row: Row) -> str:
    """What closes its matters: often an outcome of the row itself, sometimes one of a neighbour."""
    matters = {matter(row, sign) for sign in row.means if sign.meaning in ALARMING}
    closing = [
        found
        for other in sorted(ROWS, key=lambda other: other is not row)
        if other.source == row.source
        for found in worded(other, Meaning.OVER)
        if other is row or (row.alarms and matter(other, found[1]) in matters)
    ]
    return listed(dict.fromkeys(word for word, _ in closing)) or "nothing"


def matter(row: Row, sign: Sign) -> str:
    return sign.thread or row.thread or row.types[0]


def words(row: Row, wanted: Meaning) -> str:
    return listed(word for word, _ in worded(row, wanted))


def worded(row: Row, wanted: Meaning) -> list[tuple[str, Sign]]:
    """The outcomes that mean *wanted*, as the page shows them."""
    found = [(f"`{word}`", sign) for word, sign in named(row) if sign.meaning is wanted]
    zeros = [(word, sign) for word, sign in named(row) if sign.zero and sign.else_ is wanted]
    return found + [(f"`{word}` when `{sign.zero}` is 0", sign) for word, sign in zeros]


def named(row: Row) -> list[tuple[str, Sign]]:
    return [*row.signs.items(), *row.phrases.items()]


def listed(found: Iterable[str]) -> str:
    told = list(found)
    return ", ".join(told[:WORDS_MAX]) + (f" and {len(told) - WORDS_MAX} more" if len(told) > WORDS_MAX else "")


def key(row: Row) -> str:
    where = ["account"] if row.everywhere else ["account", "region"]
    return ", ".join([*where, *([place(told) for told in row.key] or ["its resources"])])


def place(told: str) -> str:
    options = [option.partition("!")[0] for option in told.split("|")]
    shown = [f"`{option}`" for option in options[:PLACES_MAX]]
    return " or ".join([*shown, *(["..."] if len(options) > PLACES_MAX else [])])


def console(row: Row) -> str:
    if row.page:
        return f"`{row.page.partition('?region=')[0] if '#' not in row.page else row.page}`".replace("|", "\\|")
    return "as the event says" if row.links else "of the resource or the service"
