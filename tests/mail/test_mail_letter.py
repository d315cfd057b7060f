"""Whatever a page says, its mail has our headers and no others."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from hypothesis import example, given
from hypothesis import strategies as st

from tests.slack.slack_examples import NOW, alert, incident
from tocsin.incidents.telling import Page, Telling, tell
from tocsin.mail.letter import letter, mailbox

HEADERS = [
    "Auto-Submitted",
    "Content-Transfer-Encoding",
    "Content-Type",
    "Date",
    "From",
    "In-Reply-To",
    "MIME-Version",
    "Message-ID",
    "References",
    "Subject",
    "To",
    "X-Auto-Response-Suppress",
]
# What a title may hold that a mail gives a meaning, close together.
ODD = st.text(st.sampled_from('\r\n\x00:=?_,;<>@"\\() \u2028é\N{FIRE}=?utf-8?q?=0A?=Bcc'), max_size=200)


@given(st.one_of(ODD, st.text(max_size=200)), st.text(max_size=50))
@example("=?utf-8?q?x=0ABcc:_eve=40example.com?=", "=?utf-8?b?CkJjYzo=?=")
@example("=?us-ascii?q?=0D=0A=0D=0Ahello?=", "")
@example("==??utf-8?q?=0ABcc:x?=", "")
def test_the_headers_are_ours_alone(title: str, name: str) -> None:
    sender, recipient = mailbox("tocsin@example.com", "Tocsin"), mailbox("ada@example.com")
    assert sender is not None
    assert recipient is not None
    page = Page(incident_id="inc-1", incident=incident(first=alert(title, description=title)), why=title)
    told = tell([page], Telling({"ada": name}), "https://tocsin.example", NOW)
    mail = letter(told, sender=sender, recipient=recipient, effects=["1/0/0"], thread="1", now=NOW)
    read = message_from_bytes(bytes(mail), policy=policy.default)
    assert isinstance(read, EmailMessage)
    assert sorted(read.keys()) == HEADERS
    assert not read.defects
    assert str(read["Subject"]).endswith("— asks you")
    assert read.get_content().replace("\r\n", "\n") == told.text
