"""Whatever mail comes: an answer in a bounded time, values within their bounds, and never an exception."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.sources import bodies, mails
from tests.sources.mails import ANY, mail, multipart, reading, service
from tests.sources.test_sources_hostile import check, mutated, values
from tocsin.kernel.json import Json
from tocsin.sources import Reading, email_services
from tocsin.sources.email_html import addresses, text
from tocsin.sources.email_message import HEADER_MAX, PARSED_MAX, decoded, parse
from tocsin.sources.reading import Hints


def checked(raw: bytes, **headers: str) -> Reading:
    found = reading(raw, ANY, **headers)
    assert found.alerts or found.problems or found.fact
    for each in found.alerts:
        check(each)
    assert found == reading(raw, ANY, **headers)
    return found


HEADER_NAMES = (
    "Subject From To Date Message-ID References Content-Type Content-Disposition Content-Transfer-Encoding List-Id "
    "Auto-Submitted Precedence Return-Path X-Autoreply MIME-Version"
)
NAMES = st.sampled_from(HEADER_NAMES.split()) | st.text(max_size=5)
VALUES = st.text(max_size=60) | st.sampled_from(
    [
        "text/plain; charset=utf-7",
        "text/html; charset=hex",
        "multipart/mixed; boundary=b",
        "multipart/report; boundary=b; report-type=",
        'multipart/mixed; boundary="',
        "multipart/mixed; boundary*0=b; boundary*1*=''%FF",
        "message/rfc822",
        "message/delivery-status",
        "attachment; filename*=''%FF",
        "attachment; filename*0*=x'y'z; filename*1=w",
        "base64",
        "x-uuencode",
        "quoted-printable",
        "=?utf-8?b?/w==?=",
        "=?utf-16?q?a?=",
        "(" * 50,
        "<a@b>, c@d",
        "Tue, 14 Nov 2023 22:13:20 +0000",
        ";" * 50,
    ]
)
CONTENTS = st.recursive(
    st.text(max_size=50),
    lambda inner: st.lists(st.tuples(st.lists(st.tuples(NAMES, VALUES), max_size=3), inner), max_size=3).map(
        lambda parts: "".join(f"--b\r\n{head(lines)}\r\n{content}\r\n" for lines, content in parts) + "--b--\r\n"
    ),
    max_leaves=6,
)


def head(lines: list[tuple[str, str]]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in lines)


@given(st.binary(max_size=300))
def test_any_bytes_are_read(raw: bytes) -> None:
    checked(raw)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8), CONTENTS)
def test_any_structure_is_read(lines: list[tuple[str, str]], content: str) -> None:
    checked(f"{head(lines)}\r\n{content}".encode("utf-8", "surrogatepass"))


@given(st.sampled_from(mails.REAL), st.data())
def test_a_real_mail_cut_or_garbled_is_read(raw: bytes, data: st.DataObject) -> None:
    garbled = bytearray(raw)
    for _ in range(data.draw(st.integers(0, 4))):
        garbled[data.draw(st.integers(0, len(garbled) - 1))] = data.draw(st.integers(0, 255))
    checked(bytes(garbled[: data.draw(st.integers(0, len(garbled)))]))


@given(st.sampled_from([mails.ses(), mails.stored_in_s3(), mails.ses(encoding="UTF8")]), st.data())
def test_a_receipt_with_anything_in_any_place_is_read(value: Json, data: st.DataObject) -> None:
    found = service(mutated(value, data))
    assert found.alerts or found.problems or found.fact
    for each in found.alerts:
        check(each)


@given(
    st.dictionaries(
        st.sampled_from(["recipient", "sender", "subject", "body-plain", "body-mime", "from", "attachment-count"]),
        values,
    )
)
def test_any_fields_of_mailgun_are_read(fields: dict[str, Any]) -> None:
    value = {"recipient": 1, "sender": [], "subject": {}} | fields
    found = email_services.read_mailgun(value, Hints(received_at=bodies.NOW))
    for each in found.alerts if found else ():
        check(each)


@given(
    st.text()
    | st.lists(
        st.sampled_from(["<", ">", "<a ", "<script>", "</script>", "<!--", "-->", "&amp;", "'", "x", "<br>"])
    ).map("".join)
)
def test_any_html_is_read(html: str) -> None:
    assert "<script>" not in text(html)
    list(addresses(html))


@given(st.text())
def test_any_header_is_decoded(value: str) -> None:
    assert isinstance(decoded(value), str)


def nested(depth: int) -> bytes:
    inner = b"Content-Type: text/plain\r\n\r\ninner\r\n"
    for number in range(depth):
        inner = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%b\r\n--b%d--\r\n" % (
            number, number, inner, number,
        )  # fmt: skip
    return b"Subject: nested\r\n" + inner


MEGABYTES = 3_000_000
LARGE: dict[str, Callable[[], bytes]] = {
    "text": lambda: mail(text="x" * MEGABYTES),
    "lines": lambda: mail(text="\r\n" * MEGABYTES),
    "header": lambda: mail(subject="x" * MEGABYTES),
    "headers": lambda: b"X: y\r\n" * (MEGABYTES // 6) + mail(),
    "folded": lambda: mail(subject="x" + "\r\n x" * (MEGABYTES // 4)),
    "recipients": lambda: mail(To=", ".join(["a@b"] * (MEGABYTES // 5))),
    "comments": lambda: mail(From="(" * MEGABYTES, To='"' * MEGABYTES),
    "parameters": lambda: mail(Content_Type="multipart/mixed" + '; x="' * (MEGABYTES // 5)),
    "semicolons": lambda: mail(Content_Type='multipart/mixed; "' + ";" * MEGABYTES),
    "encoded words": lambda: mail(subject="=?utf-8?q?x?= " * (MEGABYTES // 14)),
    "deep": lambda: nested(2000),
    "as deep as is read": lambda: nested(49).replace(b"inner\r\n", b"inner\r\n" * (MEGABYTES // 7)),
    "messages in messages": lambda: b"Subject: x\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 50_000,
    "parts": lambda: multipart(*[("Content-Type: text/plain; name=a", "x")] * 30_000),
    "reports": lambda: mail(Content_Type="message/delivery-status", text="a: b\r\n\r\n" * (MEGABYTES // 8)),
    "tags": lambda: mail(text="<a" * (MEGABYTES // 2), Content_Type="text/html"),
    "scripts": lambda: mail(text="<script" * (MEGABYTES // 7), Content_Type="text/html"),
    "titles": lambda: mail(text="<title>" * (MEGABYTES // 7), Content_Type="text/html"),
    "comments in HTML": lambda: mail(text="<!--" * (MEGABYTES // 4), Content_Type="text/html"),
    "entities": lambda: mail(text="&" * MEGABYTES, Content_Type="text/html"),
    "attributes": lambda: mail(text="<img alt=" + "alt =" * (MEGABYTES // 5) + ">", Content_Type="text/html"),
    "blanks": lambda: mail(text=" \r\n " * (MEGABYTES // 4), Content_Type="text/html"),
    "base64": lambda: mail(text="QUFB\r\n" * (MEGABYTES // 6), Content_Transfer_Encoding="base64"),
    "uuencode": lambda: mail(text="begin 666 x\r\n" * (MEGABYTES // 13), Content_Transfer_Encoding="x-uuencode"),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_a_large_mail_costs_no_more_than_its_size(name: str) -> None:
    raw = LARGE[name]()
    began = time.process_time()
    found = reading(raw)
    # A quadratic reader would need minutes, so a slow machine does not matter.
    assert time.process_time() - began < 10
    assert found.alerts
    check(found.alerts[0])


def test_what_is_too_deep_is_read_as_text() -> None:
    assert parse(nested(10)).text == "inner"
    deep = parse(nested(2000))
    assert deep.subject == "nested"
    assert "--b1999" in deep.text
    messages = parse(b"Subject: x\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 50_000)
    assert messages.text.startswith("Content-Type: message/rfc822\n\nContent-Type")


def test_the_limits_cut_and_do_not_lose() -> None:
    assert len(parse(mail("x" * 2 * HEADER_MAX)).subject) == HEADER_MAX
    assert parse(mail(text="x" * 2 * PARSED_MAX)).subject == "Disk full on db-1"
    assert len(parse(b"".join(b"X%d: y\r\n" % number for number in range(1000))).headers) == 200


def test_a_reading_is_what_its_parts_say() -> None:
    hints = replace(Hints(received_at=bodies.NOW), headers={})
    assert email_services.read_ses(mails.ses(), hints) == service(mails.ses())
