"""Nothing is sent faster than Teams takes it, and what is not sent now is told when."""

from __future__ import annotations

from tocsin.kernel.time import HOUR, SECOND
from tocsin.teams.pace import CONVERSATIONS_MAX, Pace

NOW = 1_795_000_000_000


def sent(pace: Pace, conversation: str, now: int) -> int:
    count = 0
    while not pace.take(conversation, now):
        count += 1
    return count


def test_seven_at_once_and_one_more_in_the_second_after() -> None:
    pace = Pace()
    assert sent(pace, "a", NOW) == 7
    assert pace.take("a", NOW) == SECOND
    assert sent(pace, "a", NOW + SECOND) == 1
    assert pace.take("a", NOW + SECOND) == SECOND


def test_sixty_in_half_a_minute_and_1800_in_an_hour() -> None:
    pace = Pace()
    assert sum(not pace.take("a", NOW + second * SECOND) for second in range(30) for _ in range(4)) == 60
    assert pace.take("a", NOW + 29 * SECOND) > 0
    pace = Pace()
    assert sum(not pace.take("a", NOW + at * SECOND) for at in range(3600)) == 1800


def test_conversations_do_not_wait_for_each_other_but_for_the_whole_app() -> None:
    pace = Pace()
    assert [sent(pace, name, NOW) for name in "abcde"] == [7, 7, 7, 7, 2]
    assert sent(pace, "f", NOW + SECOND) == 7


def test_what_teams_has_asked_for_counts() -> None:
    pace = Pace()
    pace.rest("a", NOW + 9 * SECOND)
    assert pace.take("a", NOW) == 9 * SECOND
    assert pace.take("b", NOW) == 0
    assert pace.take("a", NOW + 9 * SECOND) == 0


def test_of_too_many_conversations_the_quietest_is_forgotten() -> None:
    pace = Pace()
    for number in range(CONVERSATIONS_MAX + 1):
        assert not pace.take(str(number), NOW + number * HOUR)
    assert len(pace._sent) == CONVERSATIONS_MAX
    assert "0" not in pace._sent
