"""Where a key may stand; and, of a query, what may be stored."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.web.credentials import presented, without_credentials

Headers = list[tuple[bytes, bytes]]


def basic(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ([(b"x-tocsin-key", b"test-key")], ""),
        ([(b"x-api-key", b" test-key ")], ""),
        ([(b"authorization", b"Bearer test-key")], ""),
        ([(b"authorization", b"bearer  test-key")], ""),
        ([(b"authorization", b"GenieKey test-key")], ""),
        ([(b"authorization", b"Token test-key")], ""),
        ([(b"authorization", b"ApiKey test-key")], ""),
        ([(b"authorization", b"test-key")], ""),
        ([(b"authorization", basic("anybody:test-key"))], ""),
        ([(b"authorization", basic(":test-key"))], ""),
        ([(b"authorization", basic("test-key:"))], ""),
        ([(b"authorization", basic("test-key"))], ""),
        ([(b"authorization", basic("a:test-key").rstrip(b"="))], ""),
        ([], "access_token=test-key"),
        ([], "a=1&apiKey=test-key"),
        ([], "key=test%2Dkey&key=second"),
        ([(b"authorization", b"Basic !"), (b"authorization", b"Bearer second")], "key=test-key"),
        ([(b"authorization", b"Digest username=x")], "key=test-key"),
        ([(b"authorization", b"")], "access_token=&key=test-key"),
        ([(b"x-api-key", b""), (b"authorization", b"Bearer test-key")], "key=second"),
        ([(b"authorization", b"Bearer second"), (b"x-tocsin-key", b"test-key"), (b"x-api-key", b"third")], ""),
    ],
)
def test_a_key_is_found_wherever_a_sender_can_write_it(headers: Headers, query: str) -> None:
    assert presented("", headers, query) == "test-key"
    assert presented("of-the-path", headers, query) == "of-the-path"


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ([], ""),
        ([(b"cookie", b"key=test-key"), (b"host", b"x")], "token=test-key"),
        ([(b"authorization", b"Basic Og==")], ""),
        ([(b"authorization", b"Bearer")], "key"),
        ([(b"authorization", b"Basic \xff\xff\xff")], "&".join(["x=1"] * 200) + "&key=test-key"),
    ],
)
def test_what_is_no_key_is_none(headers: Headers, query: str) -> None:
    assert presented("", headers, query) in {"", "Bearer"}


@given(st.lists(st.tuples(st.sampled_from([b"authorization", b"x-api-key", b"x"]), st.binary())), st.text())
def test_nothing_is_raised_whatever_comes(headers: Headers, query: str) -> None:
    assert isinstance(presented("", headers, query), str)
    assert isinstance(without_credentials(query), str)


def test_what_is_stored_of_a_query_has_no_credential_in_it() -> None:
    assert without_credentials("a=1&access_token=x&APIKEY=y&key=cpu&b") == "a=1&key=cpu&b"
    assert without_credentials("key=x&message=a%20b&%6Bey=y", also_key=True) == "message=a%20b"
    assert without_credentials("") == ""
