"""Laws that hold for all patterns and events."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.patterns import Matcher, PatternError, compile  # noqa: A004 - The verb.
from tocsin.patterns.conditions import Wildcard
from tocsin.patterns.rule import Field, Rule
from tocsin.patterns.scalars import Scalar, scalar

NAMES = st.sampled_from("abc")
WORDS = st.text(alphabet="abAB*", max_size=4)
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, 1e300, 2**60 + 1]))
ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.1.0.0", "::1", "0:0::1", "::ffff:0a00:1"])
LEAVES = st.one_of(WORDS, NUMBERS, st.booleans(), st.none(), ADDRESSES)

# Two parts at most: three that repeat themselves would be too complex.
STARRED = st.lists(st.text(alphabet="ab", min_size=1, max_size=2), min_size=1, max_size=2).flatmap(
    lambda parts: st.tuples(st.sampled_from(["", "*"]), st.sampled_from(["", "*"])).map(
        lambda ends: ends[0] + "*".join(parts) + ends[1]
    )
)


def one_or_more(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(values, st.lists(values, min_size=1, max_size=3))


SOME_WORDS = one_or_more(st.text(alphabet="abAB", min_size=1, max_size=3))
CONDITIONS = st.one_of(
    LEAVES,
    st.fixed_dictionaries({"prefix": WORDS}),
    st.fixed_dictionaries({"suffix": WORDS}),
    st.fixed_dictionaries({"prefix": st.fixed_dictionaries({"equals-ignore-case": WORDS})}),
    st.fixed_dictionaries({"suffix": st.fixed_dictionaries({"equals-ignore-case": WORDS})}),
    st.fixed_dictionaries({"equals-ignore-case": WORDS}),
    st.fixed_dictionaries({"wildcard": STARRED}),
    st.fixed_dictionaries({"exists": st.booleans()}),
    st.fixed_dictionaries({"cidr": st.sampled_from(["10.0.0.0/24", "10.0.0.0/8", "::/64", "0.0.0.0/0"])}),
    st.fixed_dictionaries({"numeric": st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), st.integers(-3, 3))}),
    st.integers(-3, 3).map(lambda low: {"numeric": [">", low, "<=", low + 2]}),
    st.fixed_dictionaries({"anything-but": SOME_WORDS}),
    st.fixed_dictionaries({"anything-but": one_or_more(st.integers(-3, 3))}),
    st.fixed_dictionaries(
        {
            "anything-but": st.sampled_from(["prefix", "suffix", "equals-ignore-case", "wildcard"]).flatmap(
                lambda name: st.fixed_dictionaries({name: SOME_WORDS})
            )
        }
    ),
)
FIELDS = st.lists(CONDITIONS, min_size=1, max_size=3)
PATTERNS = st.dictionaries(
    NAMES,
    st.recursive(FIELDS, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=4),
    min_size=1,
    max_size=3,
).flatmap(
    lambda pattern: st.one_of(
        st.just(pattern),
        st.lists(st.dictionaries(NAMES, FIELDS, min_size=1, max_size=2), min_size=2, max_size=3).map(
            lambda branches: {**pattern, "$or": branches}
        ),
    )
)
# An array has only scalars or only containers: see `alone`.
EVENTS = st.dictionaries(
    NAMES,
    st.recursive(
        st.one_of(LEAVES, st.lists(LEAVES, max_size=3)),
        lambda inner: st.one_of(
            st.dictionaries(NAMES, inner, max_size=3),
            st.lists(st.dictionaries(NAMES, inner, max_size=3), max_size=3),
            st.lists(st.lists(st.dictionaries(NAMES, inner, max_size=2), max_size=2), max_size=2),
        ),
        max_leaves=12,
    ),
    max_size=3,
)


@given(PATTERNS, EVENTS)
def test_a_pattern_matches_if_some_choice_of_fields_can_be_combined(
    pattern: dict[str, object], event: dict[str, object]
) -> None:
    compiled = compile(pattern)
    found = list(alone(event, "", {}, [0]))
    assert compiled.matches(event) == any(combined(rule, found) for rule in compiled.rules)
    assert compiled.matches(json.dumps(event)) == compiled.matches(event)
    assert (compiled.explain(event) is None) == compiled.matches(event)


@settings(max_examples=40)  # Each is twenty patterns and five events.
@given(st.lists(PATTERNS, min_size=1, max_size=20), st.lists(EVENTS, min_size=1, max_size=5))
def test_matcher_agrees_with_patterns_one_by_one(
    patterns: list[dict[str, object]], events: list[dict[str, object]]
) -> None:
    compiled = {f"p{number:02}": compile(pattern) for number, pattern in enumerate(patterns)}
    matcher = Matcher(compiled)
    for event in events:
        assert matcher.match(event) == tuple(name for name, pattern in compiled.items() if pattern.matches(event))


@given(PATTERNS)
def test_source_compiles_to_an_equal_pattern(pattern: dict[str, object]) -> None:
    compiled = compile(pattern)
    again = compile(compiled.source)
    assert again == compiled
    assert again.source == compiled.source
    assert compile(json.dumps(pattern)) == compiled


@given(st.lists(st.text(alphabet="ab", max_size=2), min_size=2, max_size=4), st.text(alphabet="ab", max_size=8))
def test_wildcard_in_one_pass_finds_what_trying_everything_finds(parts: list[str], text: str) -> None:
    def fits(parts: list[str], text: str) -> bool:
        if len(parts) == 1:
            return parts[0] == text
        rest = text.removeprefix(parts[0])
        return text.startswith(parts[0]) and any(fits(parts[1:], rest[at:]) for at in range(len(rest) + 1))

    assert Wildcard(tuple(parts)).holds(text) == fits(parts, text)


@given(
    st.recursive(
        st.one_of(LEAVES, NAMES),
        lambda inner: st.one_of(
            st.lists(inner),
            st.dictionaries(st.sampled_from(["a", "prefix", "$or", "numeric", "anything-but", "cidr"]), inner),
        ),
    )
)
def test_any_json_is_a_pattern_or_refused(value: object) -> None:
    try:
        compiled = compile(json.dumps(value))
    except PatternError as error:
        refused: PatternError | None = error
    else:
        refused = None
        assert compile(compiled.source) == compiled
    assert refused is None or refused.message.startswith(refused.path or "the pattern")


# What Event Ruler documents: https://github.com/aws/event-ruler#json-array-matching. Fields are tried in the order of
# their paths; a field in one element of an array excludes those in the others. (Where an array mixes scalars and
# arrays, a scalar that matches is taken although another choice could leave room for an absent field.)
Found = tuple[str, Scalar, dict[int, int]]


def alone(value: object, path: str, around: dict[int, int], arrays: list[int]) -> Iterator[Found]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from alone(inner, f"{path}.{name}" if path else name, around, arrays)
    elif isinstance(value, list):
        arrays[0] += 1
        array = arrays[0]
        for index, inner in enumerate(value):
            container = isinstance(inner, dict | list)
            yield from alone(inner, path, {**around, array: index} if container else around, arrays)
    else:
        yield path, scalar(value), around


def combined(rule: Rule, found: list[Found]) -> bool:
    return combined_from(list(rule.fields), found, {})


def combined_from(fields: list[Field], found: list[Found], chosen: dict[int, int]) -> bool:
    if not fields:
        return True
    field, *rest = fields
    open_here = [
        (value, around)
        for path, value, around in found
        if path == field.path and all(chosen.get(array, index) == index for array, index in around.items())
    ]
    if field.absent and not open_here and combined_from(rest, found, chosen):
        return True
    return any(field.holds([value]) and combined_from(rest, found, {**chosen, **around}) for value, around in open_here)
