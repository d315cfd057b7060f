"""Workflows as pictures: words, places, SVG, the text alternative, and a run painted on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.asl.workflow_examples import BACKUP, CHAIN, CHOICES, LOOP, NAMES, NESTED, TANGLE, WORKFLOWS, task, when
from tocsin import asl
from tocsin.asl import picture
from tocsin.asl.picture.condition_words import condition, expression
from tocsin.asl.picture.drawing import SIZES, Drawn, drawn
from tocsin.asl.picture.graph import END, START, graph
from tocsin.asl.picture.layering import Link, rows
from tocsin.asl.picture.lettering import LINE_HEIGHT, harmless, width, wrapped
from tocsin.asl.picture.placing import spaced
from tocsin.asl.picture.state_words import details

SVG = "{http://www.w3.org/2000/svg}"


# ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (when(StringEquals="x"), 'a is "x"'),
        (when(NumericLessThan=5), "a < 5"),
        (when(NumericGreaterThanEqualsPath="$.b.c"), "a ≥ b.c"),
        (when(TimestampLessThan="2026-01-01T00:00:00Z"), 'a is before "2026-01-01T00:00:00Z"'),
        (when(TimestampEquals="t"), 'a is "t"'),
        (when(BooleanEquals=True), "a is true"),
        (when(StringMatches="log-*"), 'a is like "log-*"'),
        (when(IsPresent=True), "a is there"),
        (when(IsPresent=False), "a is not there"),
        (when(IsNull=True), "a is null"),
        (when(StrangeEquals=1), "a"),
        ({"Variable": "$", "IsString": True}, "the input is a text"),
        ({"Not": when(IsNumeric=True)}, "not a is a number"),
        ({"Or": [when(IsNull=True), when(StringEquals="")]}, 'a is null or a is ""'),
        (
            {"And": [when(IsPresent=True), {"Or": [when(NumericEquals=1), when(NumericEquals=2)]}]},
            "a is there and (a is 1 or a is 2)",
        ),
        ({"Condition": "{%  $states.input.a.b\n > 3 %}"}, "a.b > 3"),
        ({"Condition": "{% $exists($states.input.next) %}"}, "next is there"),
        ({"Condition": True}, "always"),
        ({"Condition": False}, "never"),
    ],
)
def test_conditions_are_told_in_short_words(rule: dict[str, Any], words: str) -> None:
    assert condition(rule) == words


def test_an_expression_without_brackets_stays_as_it_is() -> None:
    assert expression("$a") == "$a"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (task(), ("dynamodb:createBackup",)),
        (task("", "arn:aws:states:::ecs:runTask.sync"), ("ecs:runTask, until it is done",)),
        (task("", "arn:aws:states:::lambda:invoke"), ("lambda:invoke",)),
        (task("", "arn:aws:states:::lambda:invoke", Parameters={"FunctionName": "work"}), ("work",)),
        (
            task("", "arn:aws:states:::lambda:invoke", Arguments={"FunctionName": "arn:aws:lambda:a:1:function:work"}),
            ("work",),
        ),
        (task("", "local"), ("local",)),
        (task("", "local", Retry=[{"ErrorEquals": ["A"], "MaxAttempts": 1}]), ("local", "tries once more")),
        (
            task("", "local", Retry=[{"ErrorEquals": ["A"]}, {"ErrorEquals": ["B"], "MaxAttempts": 0}]),
            ("local", "tries up to 3 times more"),
        ),
        ({"Type": "Wait", "Seconds": 0}, ("0 seconds",)),
        ({"Type": "Wait", "SecondsPath": "$.s"}, ("s seconds",)),
        ({"Type": "Wait", "Seconds": "{% $s * 2 %}"}, ("$s * 2 seconds",)),
        ({"Type": "Wait", "TimestampPath": "$.at"}, ("until at",)),
        ({"Type": "Fail", "Error": "Broken"}, ("Broken",)),
        ({"Type": "Fail", "CausePath": "$.why"}, ("why",)),
        ({"Type": "Fail"}, ()),
        ({"Type": "Pass"}, ()),
        ({"Type": "Map", "Iterator": {}}, ("for each of the input",)),
        ({"Type": "Map", "Items": [1, 2], "MaxConcurrency": 0, "ItemProcessor": {}}, ("for each of 2 items",)),
        (
            {
                "Type": "Map",
                "ItemReader": {},
                "MaxConcurrency": 40,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}},
            },
            ("for each of what it reads, 40 at once, distributed",),
        ),
    ],
)
def test_states_are_told_in_a_line(state: dict[str, Any], words: tuple[str, ...]) -> None:
    assert details(state) == words


def test_choices_and_catches_with_one_goal_share_an_arrow() -> None:
    found = graph(
        {
            "StartAt": "C",
            "States": {
                "C": {
                    "Type": "Choice",
                    "Choices": [when(NumericEquals=1, Next="T"), when(NumericEquals=2, Next="T")],
                    "Default": "T",
                },
                "T": task(
                    "",
                    Catch=[
                        {"ErrorEquals": ["DynamoDb.ThrottlingException", "Exception"], "Next": "C"},
                        {"ErrorEquals": ["States.ALL"], "Next": "C"},
                    ],
                ),
            },
        }
    )
    assert [arrow.labels for arrow in found.arrows if arrow.labels] == [
        ("a is 1", "a is 2", "otherwise"),
        ("on Throttling, Exception", "on any error"),
    ]


# ── Letters ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("short", ("short",)),
        ("some words that need more", ("some words", "that need", "more")),
        ("WaitForEverybody", ("WaitFor", "Everybody")),
        ("dynamodb:createBackup", ("dynamodb:", "createBackup")),
        ("x" * 25, ("xxxxxxxxxxx", "xxxxxxxxxxx", "xxx")),
        ("one two three four five six seven eight nine", ("one two three", "four five six", "seven eight…")),
    ],
)
def test_lines_break_between_words_and_in_names_where_parts_meet(text: str, lines: tuple[str, ...]) -> None:
    assert wrapped(text, 88, 12, lines_max=3) == lines


@given(some.text(max_size=60), some.integers(20, 200), some.booleans())
def test_no_line_is_wider_than_it_may_be(text: str, pixels: int, bold: bool) -> None:
    lines = wrapped(text, pixels, 12, lines_max=3, bold=bold)
    assert len(lines) <= 3
    assert all(width(line, 12, bold=bold) <= pixels for line in lines)


def test_what_no_xml_may_hold_or_turns_letters_around_is_replaced() -> None:
    assert harmless("a\x00b\u202ec\nd\ufffe") == "a\ufffdb\ufffdc d\ufffd"


def test_broad_letters_take_more_room() -> None:
    assert width("一", 10) > width("W", 10) > width("é", 10) > width("a", 10) > width("i", 10)


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def graphs(drawing: Drawn) -> Iterator[Drawn]:
    yield drawing
    for box in drawing.boxes:
        for inner in box.inner:
            yield from graphs(inner.drawn)


def assert_tidy(drawing: Drawn) -> None:
    """Nothing overlaps, sticks out, or leads through a box."""
    for each in graphs(drawing):
        areas = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in each.boxes]
        for way in each.ways:
            for station in way.stations:
                if station.label:
                    half = max(width(line, SIZES["label"]) for line in way.lines) / 2
                    high = len(way.lines) * SIZES["label"] * LINE_HEIGHT / 2
                    middle = (station.top + station.bottom) / 2
                    areas.append((station.x - half, middle - high, station.x + half, middle + high))
        for at, (left, top, right, bottom) in enumerate(areas):
            assert left >= -0.1
            assert right <= each.width + 0.1
            assert top >= -0.1
            assert bottom <= each.height + 0.1
            for other in areas[:at]:
                apart = left >= other[2] or other[0] >= right or top >= other[3] or other[1] >= bottom
                assert apart, f"{areas[at]} is over {other}"
        for way in each.ways:
            for station in way.stations[1:-1]:
                for left, top, right, bottom in areas[: len(each.boxes)]:
                    beside = station.x <= left or station.x >= right
                    assert beside or station.top >= bottom or station.bottom <= top
        for box in each.boxes:
            for inner in box.inner:
                assert inner.x >= 0
                assert inner.x + inner.drawn.width <= box.width
                assert inner.y + inner.drawn.height <= box.height


@pytest.mark.parametrize("wide", [picture.PHONE, picture.DESKTOP])
@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_overlaps_sticks_out_or_leads_through_a_box(name: str, wide: int) -> None:
    assert_tidy(drawn(graph(asl.parse(WORKFLOWS[name]).source), wide, {}))


@given(
    some.integers(1, 12).flatmap(
        lambda n: some.lists(some.lists(some.integers(0, n - 1), max_size=3), min_size=n, max_size=n)
    )
)
@settings(max_examples=40)
def test_any_graph_is_drawn_tidily(goals: list[list[int]]) -> None:
    states: dict[str, Any] = {}
    for number, each in enumerate(goals):
        choices = [{"Variable": "$.a", "NumericEquals": goal, "Next": f"S{goal}"} for goal in each]
        states[f"S{number}"] = {"Type": "Choice", "Choices": choices} if choices else {"Type": "Pass", "End": True}
    assert_tidy(drawn(graph({"StartAt": "S0", "States": states}), picture.PHONE, {}))


def test_a_chain_leads_straight_down() -> None:
    drawing = drawn(graph(CHAIN), picture.PHONE, {})
    assert {station.x for way in drawing.ways for station in way.stations} == {drawing.boxes[0].x + 7}
    tops = [box.y for box in drawing.boxes]
    assert tops == sorted(tops)


def test_a_way_back_leads_up() -> None:
    drawing = drawn(graph(LOOP), picture.PHONE, {})
    [back] = [way for way in drawing.ways if way.upwards]
    assert back.lines == ("otherwise",)


def test_on_a_phone_branches_stand_below_each_other() -> None:
    phone, desktop = (drawn(graph(NESTED), wide, {}) for wide in (picture.PHONE, picture.DESKTOP))
    assert phone.width < picture.PHONE < desktop.width < picture.DESKTOP


def test_crossings_are_avoided_where_they_can_be() -> None:
    found = rows([1.0] * 6, [Link(source=a, target=b) for a, b in ((0, 1), (0, 2), (1, 4), (2, 3), (2, 5))], 99)
    names = [[found.spots[spot].box for spot in row] for row in found.rows]
    assert names == [[0], [1, 2], [4, 3, 5]]


def test_a_crossed_order_is_put_right() -> None:
    links = [Link(source=a, target=b) for a, b in ((0, 1), (0, 2), (0, 3), (1, 6), (2, 5), (3, 4), (3, 6), (1, 4))]
    found = rows([1.0] * 7, links, 99)
    assert len(found.rows) == 3
    assert sorted(found.spots[spot].box or 0 for spot in found.rows[2]) == [4, 5, 6]


def test_what_would_overlap_is_moved_apart_as_little_as_can_be() -> None:
    assert spaced([0, 0, 10], [1, 1, 1], [4, 4]) == [-2, 2, 10]
    assert spaced([5, 0], [3, 1], [1]) == [3.5, 4.5]


# ── SVG ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_picture_is_xml_in_which_nothing_runs(name: str) -> None:
    drawing = picture.draw(asl.parse(WORKFLOWS[name]), title="<b>&", alone=True)
    root = ET.fromstring(drawing.svg)  # noqa: S314 - it is ours.
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "g", "path", "rect", "circle", "text"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]
    assert root.findtext(f"{SVG}title") == "<b>&"
    assert root.findtext(f"{SVG}desc") == " ".join(drawing.sentences)


def test_the_same_in_gives_the_same_out() -> None:
    assert picture.draw(asl.parse(TANGLE)) == picture.draw(asl.parse(TANGLE))


def test_names_of_strangers_are_harmless_and_whole() -> None:
    drawing = picture.draw(asl.parse(NAMES))
    assert "<script" not in drawing.svg
    root = ET.fromstring(drawing.svg)  # noqa: S314 - it is ours.
    lines = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert "".join(lines).count("A") >= 80
    assert any("script>" in line for line in lines)


def test_within_a_page_there_is_no_style_sheet_and_colours_are_the_page_s() -> None:
    drawing = picture.draw(asl.parse(LOOP), history=asl.run(asl.parse(LOOP)).history)
    assert "<style" not in drawing.svg
    assert "style=" not in drawing.svg
    assert 'stroke="var(--flow-failed, #d6293e)"' in drawing.svg
    assert "currentColor" in drawing.svg


def test_catches_are_dashed_and_the_outermost_start_and_end_are_dots() -> None:
    drawing = picture.draw(asl.parse(WORKFLOWS["catches"])).svg
    assert drawing.count('class="way catch"') == drawing.count("stroke-dasharray") == 4
    assert drawing.count("<title>Start</title>") == drawing.count("<title>End</title>") == 1


@pytest.mark.parametrize("states", [401, 120])
def test_what_nobody_could_read_is_not_drawn(states: int) -> None:
    names = [f"S{number}" for number in range(states)]
    made: dict[str, Any] = {name: {"Type": "Pass", "Next": following} for name, following in pairwise(names)}
    made[names[-1]] = {"Type": "Succeed"}
    if states < 400:  # Every one may lead to every later one.
        for at, name in enumerate(names[:-1]):
            choices = [when(NumericEquals=1, Next=goal) for goal in names[at + 1 :]]
            made[name] = {"Type": "Choice", "Choices": choices}
    with pytest.raises(picture.TooLarge):
        picture.draw(asl.parse({"StartAt": "S0", "States": made}))


def test_unreachable_states_are_drawn_too() -> None:
    found = graph({"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}})
    assert [box.node.type for box in drawn(found, 300, {}).boxes] == [START, "Succeed", "Succeed"]


# ── The text alternative ─────────────────────────────────────────────────────────────────────────────────────────────
def test_sentences_say_what_the_picture_shows() -> None:
    assert picture.draw(asl.parse(LOOP)).sentences == (
        "Starts with Start job.",
        "Start job (Task; dynamodb:createBackup; tries up to 3 times more): goes on with Wait a little.",
        "Wait a little (Wait; 30 seconds): goes on with Is it done?.",
        (
            'Is it done? (Choice): if status is "SUCCEEDED" goes on with Report; '
            'if status is "FAILED" goes on with Give up; otherwise goes on with Wait a little.'
        ),
        "Report (Task; sns:publish): goes on with the end.",
        "Give up (Fail; JobFailed): the last one.",
    )


def test_sentences_say_what_is_within_what() -> None:
    said = picture.draw(asl.parse(NESTED)).sentences
    assert "Everything (Parallel; all at once): goes on with Merge; on any error goes on with Tell." in said
    assert "Within Everything, branch 2: starts with Ask." in said
    assert "Within Each table: Pause (Wait; pause seconds): goes on with Next one." in said


def test_an_end_within_the_outermost_graph_only() -> None:
    found = graph(CHOICES)
    assert END not in [node.type for node in found.nodes]
    assert END in [node.type for node in graph(LOOP).nodes]
    assert not re.search(BACKUP, picture.draw(asl.parse(CHOICES)).svg)
