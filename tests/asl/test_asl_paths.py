"""Paths and their filters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.asl.looking import PathNotFoundError
from tocsin.asl.paths import FOUND_MAX, Path, PathError
from tocsin.kernel.json import Json

STORE: Json = {
    "name": "shop",
    "it's": 1,
    "books": [
        {"title": "one", "price": 8, "tags": ["a"], "used": True},
        {"title": "two", "price": 12.5, "tags": ["b", "c"]},
        {"title": "three", "price": 23, "isbn": "3", "more": {"deep": 1}},
    ],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", STORE),
        ("$.name", "shop"),
        ("$['name']", "shop"),
        ('$["name"]', "shop"),
        ("$[ 'it\\'s' ]", 1),
        ("$.books[0].title", "one"),
        ("$.books[-1].title", "three"),
        ("$.books[0:2].title", ["one", "two"]),
        ("$.books[::2].title", ["one", "three"]),
        ("$.books[:-1].title", ["one", "two"]),
        ("$.books[1:].price", [12.5, 23]),
        ("$.books[0, 2].title", ["one", "three"]),
        ("$.books[0, 9].title", ["one"]),
        ("$['name', 'nothing']", ["shop"]),
        ("$.books[*].price", [8, 12.5, 23]),
        ("$.books.*.price", [8, 12.5, 23]),
        ("$.books[0].*", ["one", 8, ["a"], True]),
        ("$..price", [8, 12.5, 23]),
        ("$..deep", [1]),
        ("$..['deep']", [1]),
        ("$.books[0]..*", ["one", 8, ["a"], True, "a"]),
        ("$.books[?(@.price < 20)].title", ["one", "two"]),
        ("$.books[?(@.price <= 8)].title", ["one"]),
        ("$.books[?(@.price > 8 && @.price != 23)].title", ["two"]),
        ("$.books[?(@.price >= 23 || @.title == 'one')].title", ["one", "three"]),
        ("$.books[?(@.isbn)].title", ["three"]),
        ("$.books[?(!@.isbn)].title", ["one", "two"]),
        ("$.books[?(!(@.isbn) && @.used == true)].title", ["one"]),
        ('$.books[?(@.title in ["one", "two"])].price', [8, 12.5]),
        ("$.books[?(@.price nin [8, 12.5])].title", ["three"]),
        ("$.books[?(@.title in [])].price", []),
        ("$.books[?(@['title'] == 'two')].price", [12.5]),
        ("$.books[?(@.tags[0] == 'b')].title", ["two"]),
        ("$.books[?(@.tags[5])].title", []),
        ("$.books[?(@.title < 3)].title", []),
        ("$.books[?(@.title === 'two')].price", [12.5]),
        ("$.books[?(@.title !== 'two')].price", [8, 23]),
        ("$.books[?(@.price > 1.2e1)].title", ["two", "three"]),
        ("$.books[?(@.price > $.books[0].price)].title", ["two", "three"]),
        ("$.books[?(@.title == $['name'])].title", []),
        ("$.books[?(@.title =~ /T.*/i)].title", ["two", "three"]),
        ("$.books[?(@.title =~ /t/)].title", []),
        ("$.books[?(@.price =~ /1/)].title", []),
        ("$.books[?(@.tags size 2)].title", ["two"]),
        ("$.books[?(@.tags size $.books[0].tags)].title", ["one"]),
        ("$.books[?(@.tags empty false)].title", ["one", "two"]),
        ("$.books[?(@.tags contains 'c')].title", ["two"]),
        ("$.books[?(@.title contains 'w')].title", ["two"]),
        ("$.books[?('b' in @.tags)].title", ["two"]),
        ("$.books[?('b' in @.price)].title", []),
        ("$.books[?(@.tags subsetof ['a', 'x'])].title", ["one"]),
        ("$.books[?(@.tags anyof ['a', 'c'])].title", ["one", "two"]),
        ("$.books[?(@.tags noneof ['a'])].title", ["two"]),
        ("$.books[?(@.tags == ['b', 'c'])].title", ["two"]),
        ("$.books[?(@.tags == $.books[1].tags)].title", ["two"]),
        ("$.books[?(@.tags.length() > 1)].title", ["two"]),
        ('$.books[?(@["more"].deep == 1)].title', ["three"]),
        ("$.books[?(@.price.length() == 1)].title", []),
        ("$..[?(@.price > 20)].title", ["three"]),
        ("$..[?(@ == 'a')]", []),
        ("$..[?(@.length() > 1)].used", [True, True]),
        ("$..[?(@[0])].title", []),
        ("$.books[*].tags.length()", [1, 2]),
        ("$..price.sum()", 43.5),
        ("$.books[1].tags.first()", "b"),
        ("$.books[1].tags.last()", "c"),
        ("$.books[?(@.title == null)].title", []),
        ("$.books[?(@.price == -1.5)].title", []),
        ("$.books[?('a)b' == @.title)].title", []),
        ("$.books[?(@.tags == @.tags)].title", ["one", "two"]),
        ("$[?(@.name == 'shop')].name", ["shop"]),
        ("$.name[0:1]", []),
        ("$.name[*]", []),
        ("$.books.length()", 3),
        ("$.name.length()", 4),
        ("$.books[0].keys()", ["title", "price", "tags", "used"]),
        ("$.name.keys()", None),
        ("$.books[0].price.length()", None),
        ("$..price.min()", 8.0),
        ("$..price.max()", 23.0),
        ("$..price.avg()", 14.5),
    ],
)
def test_a_path_leads_to(path: str, found: Json) -> None:
    assert Path(path).find(STORE) == found


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("$.nothing", "No results for path: $['nothing']"),
        ("$.nothing.more", "Missing property in path $['nothing']"),
        ("$.books[9]", "No results for path: $['books'][9]"),
        ("$.name[0]", "Filter: [0] can only be applied to arrays"),
        ("$.name.first", "found 'java.lang.String'"),
        ("$.books.first", "found 'com.fasterxml.jackson.databind.node.ArrayNode'"),
        ("$.books[0].price.x", "found 'java.lang.Integer'"),
        ("$.books[1].price.x", "found 'java.lang.Double'"),
        ("$.books[0].used.x", "found 'java.lang.Boolean'"),
        ("$..nothing.max()", "Aggregation function max attempted on an empty array"),
    ],
)
def test_where_nothing_is_the_path_says_where_it_ended(path: str, message: str) -> None:
    with pytest.raises(PathNotFoundError) as problem:
        Path(path).find(STORE)
    assert message in str(problem.value)


def test_null_has_no_members() -> None:
    with pytest.raises(PathNotFoundError, match="found 'null'"):
        Path("$.a.b").find({"a": None})


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "$a", "$.", "$..", "$[", "$[]", "$['a'", "$[1", "$[1:2:3:4]", "$[a]", "$[,]", "$.a b", "$['a',]"),
        *(
            "$[?(]",
            "$[?(@.a",
            "$[?(@.a ==)]",
            "$[?(@.a == b)]",
            "$[?(@.a in 1)]",
            "$[?(@.a anyof 'x')]",
            "$[?(@.a =~ 'x')]",
            "$[?(@.a =~ /(/)]",
            "$[?(@.a =~ /*/)]",
            "$[?(@.a.sum() > 1)]",
            "$[?(@.a in [1)]",
            "$[?(1 2)]",
        ),
        *("$[?(@.a & 1)]", "$[?((@.a)]", "$[?(@.a))]", "$[?(" + "!" * 30 + "@.a)]", "$[?(" + "@.a || " * 200 + "@.a)]"),
        *("$" + ".a" * 2000, "$[?()]", "$[1,]", "$[::x]"),
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(PathError, match=r"\w"):
        Path(text)


def test_a_path_that_visits_too_much_ends() -> None:
    wide = [[0] * 400] * 400
    with pytest.raises(PathNotFoundError, match=f"more than {FOUND_MAX} values"):
        Path("$[*][*]").find(wide)


@given(st.text(alphabet="$.[]*?()@'\"ab12-:, !=<>&|\\", max_size=30))
def test_any_text_is_a_path_or_an_error(text: str) -> None:
    try:
        path = Path(text)
    except PathError:
        return
    try:
        path.find(STORE)
    except PathNotFoundError as problem:
        assert str(problem)  # noqa: PT017 - either is right.


def test_a_filter_is_charged_for_all_that_it_compares() -> None:
    large: Json = {"each": [[number] for number in range(3000)], "all": list(range(3000)), "text": ["a" * 30_000] * 300}
    for hostile in (
        "$.each[?(@ in $.each)]",
        "$.all[?(@ nin $.text && @ subsetof $.all || @ in $.all)]",
        "$.text[?($.text == $.text)]",
        "$.text[?(@ =~ /(a?){20}a{20}b/)]",
        "$.text[?(@ contains 'ab' || @ contains 'ac' || @ contains 'ad' || @ contains 'ae')]",
    ):
        with pytest.raises(PathNotFoundError, match="more than 2000000"):
            Path(hostile).find(large)


@pytest.mark.parametrize("path", ["$.first()", "$.stddev()", "$.max()"])
def test_nothing_can_be_made_of_an_empty_list(path: str) -> None:
    with pytest.raises(PathNotFoundError, match="empty"):
        Path(path).find([])


def test_numbers_that_no_double_holds_are_not_added() -> None:
    assert Path("$.sum()").find([10**400, 1, True]) == 1.0
    with pytest.raises(PathNotFoundError, match="too large"):
        Path("$.sum()").find([1e308, 1e308])
    assert Path("$.stddev()").find([1, 2, 3, 4, 5]) == pytest.approx(1.4142, abs=1e-3)
