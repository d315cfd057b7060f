"""HTML is read as a person would read it."""

from __future__ import annotations

import pytest

from tests.sources import mails
from tests.sources.mails import alert, mail
from tocsin.sources.email_html import addresses, text


@pytest.mark.parametrize(
    ("html", "told"),
    [
        (mails.HTML, "Disk full\nhost db-1\ngraph Look"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("a <b>b</b>c\n  d", "a bc d"),
        ("1 < 2 &amp; 3 &gt; 2", "1 < 2 & 3 > 2"),
        ("<style>a{}</style >b", "b"),
        ("a<script>b", "a"),
        ("<title>a", "a"),
        ("<title>a<title>b", "ab"),
        ("a<!-- b --><!-- c", "a"),
        ("<!doctype html><?xml version='1'?>a", "a"),
        ("<img alt='x &amp; y'><img src=z>", "x & y"),
        ("<p>a</p>\n\n<p>b</p>", "a\nb"),
        ("&#0;&#x110000;&nope;a", "\ufffd\ufffd&nope;a"),
        ("<a", "<a"),
        ("", ""),
    ],
)
def test_html_is_what_a_person_would_read(html: str, told: str) -> None:
    assert text(html) == told


def test_links_are_found() -> None:
    html = (
        "<a href='https://a.example/?x=1&amp;y'>a</a><A HREF = \"javascript:x\"><a name=b></a href=\"c\"><b href='d'>"
    )
    assert list(addresses(html)) == ["https://a.example/?x=1&y", "javascript:x"]
    found = alert(mail(text=html + "<a href='https://b.example'>" * 3, Content_Type="text/html"))
    assert [link.href for link in found.links] == ["https://a.example/?x=1&y", "https://b.example"]
