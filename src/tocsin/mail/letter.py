"""Pages as a mail: headers that no foreign text can add to, and a body in plain text.

Sources: RFC 5322 (the format), RFC 2047 (foreign characters in headers), RFC 3834 (what a machine writes says so).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from tocsin.incidents.telling import Told
from tocsin.kernel.time import SECOND, Instant

SENDER_NAME: Final = "Tocsin"

# So begins an encoded word (RFC 2047). The library reads it even in what it is given to write, newlines included:
# whoever could have one written as it is could add headers.
_ENCODED: Final = "=?"
_ID_CHARACTERS: Final = 32  # 128 bits: no two mails have the same one.
# Seven bits reach every server, also one that does not know 8BITMIME.
_POLICY: Final = SMTP.clone(cte_type="7bit")


def mailbox(address: str, name: str = "") -> Address | None:
    """*address* as headers and servers take it, its domain in ASCII (IDNA); None when it cannot be a mail address."""
    if _ENCODED in address:
        return None
    local, _, domain = address.rpartition("@")
    try:
        return Address(name, addr_spec=f"{local}@{domain.encode('idna').decode('ascii')}")
    except (ValueError, IndexError, HeaderParseError):  # What the parser says depends on how odd the address is.
        return None


def letter(
    told: Told, *, sender: Address, recipient: Address, effects: Sequence[str], thread: str, now: Instant
) -> EmailMessage:
    """The mail that says what was *told*.

    *effects* identify it: the same ones make the same Message-ID, so that a repetition can be known as one. *thread*
    is what mails of one incident have in common; empty for a mail about several.
    """
    message = EmailMessage(_POLICY)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = told.headline.replace(_ENCODED, "= ?")
    message["Date"] = datetime.fromtimestamp(now // SECOND, UTC)
    message["Message-ID"] = _message_id("page", effects, sender.domain)
    if thread:
        # Nobody has the mail that all of them answer. Mail programs show them together all the same.
        message["In-Reply-To"] = message["References"] = _message_id("incident", [thread], sender.domain)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"  # The same for Exchange: nobody's absence answers an alarm.
    message.set_content(told.text, charset="utf-8")
    return message


def _message_id(kind: str, names: Sequence[str], domain: str) -> str:
    digest = hashlib.sha256("\0".join(sorted(names)).encode("utf-8", "replace")).hexdigest()
    return f"<{kind}.{digest[:_ID_CHARACTERS]}@{domain}>"
