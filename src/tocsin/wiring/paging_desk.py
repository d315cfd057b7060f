"""The console's desk for how people are paged: texts in, texts out, the same book as in chats."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.web.ports import PagingView
from tocsin.wiring.personal import PersonalBook, read_rules, read_windows, rule_words, warnings
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_schedules import LOCAL


class SettingsPagingDesk:
    """`tocsin.web.ports.PagingDesk`."""

    def __init__(self, settings: Callable[[], Settings], book: PersonalBook) -> None:
        """*settings* gives them as they are now."""
        self._settings = settings
        self._book = book

    def of(self, responder: str) -> PagingView:
        """See the port."""
        person = self._book.person(responder)
        return PagingView(
            windows="\n".join(person.quiet_hours),
            loud=person.quiet_except,
            rules="\n".join(rule_words(rule) for rule in person.notify),
            zone=person.time_zone or LOCAL,
            own=self._book.of(responder) is not None,
            warnings=tuple(warnings(responder, person, self._settings())),
        )

    def change(self, responder: str, windows: str, loud: Sequence[str], rules: str) -> str:
        """See the port."""
        person = self._book.person(responder)
        try:
            hours, wanted = read_windows(windows), read_rules(rules)
            if (hours, tuple(loud)) != (person.quiet_hours, person.quiet_except):
                self._book.set_quiet(responder, hours, loud, responder)
            if wanted != person.notify:
                self._book.set_rules(responder, wanted, responder)
        except StoreUnavailableError:
            raise
        except TocsinError as problem:
            return problem.message
        return ""

    def reset(self, responder: str) -> None:
        """See the port."""
        self._book.reset(responder, responder)
