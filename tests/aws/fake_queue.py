"""A queue in memory that hides, shows again and refuses as SQS does, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tocsin.aws.messages import Message, QueueError


class FakeQueue:
    """Messages by id; *failing* holds, by the name of a call, the code with which it fails."""

    def __init__(self, *bodies: str) -> None:
        self.messages = {f"m-{n}": body for n, body in enumerate(bodies, 1)}
        self.hidden: set[str] = set()
        self.asked: list[tuple[str, tuple[str, ...], int]] = []
        self.failing: dict[str, str] = {}
        self.undeletable: dict[str, str] = {}
        self.letters = ""
        self.before_answer: Callable[[], None] = lambda: None
        self._receipts = 0

    def receive(self) -> Sequence[Message]:
        self._fail("receive")
        self.before_answer()
        found = [name for name in self.messages if name not in self.hidden]
        self.hidden.update(found)
        self._receipts += 1
        return [Message(id=name, receipt=f"{name}/{self._receipts}", body=self.messages[name]) for name in found]

    def delete(self, messages: Sequence[Message]) -> Mapping[str, str]:
        self._note("delete", messages)
        self._fail("delete")
        for each in messages:
            if each.id not in self.undeletable:
                del self.messages[each.id]
        return {each.id: self.undeletable[each.id] for each in messages if each.id in self.undeletable}

    def hide(self, messages: Sequence[Message], seconds: int) -> None:
        self._note("hide", messages, seconds)
        self._fail("hide")
        if not seconds:
            self.show()

    def dead_letters(self) -> str:
        self._fail("dead_letters")
        return self.letters

    def show(self) -> None:
        """Time passes: what is hidden is seen again."""
        self.hidden.clear()

    def _note(self, call: str, messages: Sequence[Message], seconds: int = 0) -> None:
        self.asked.append((call, tuple(each.id for each in messages), seconds))

    def _fail(self, call: str) -> None:
        if call in self.failing:
            raise QueueError(self.failing[call])
