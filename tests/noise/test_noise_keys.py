"""Keys: what differs from one title to the next is left out, and their names are short and stay."""

from __future__ import annotations

import re

import pytest

from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.noise.keys import By, Key, expression, of, pattern, titled


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Backup 17 is late", "Backup # is late"),
        ("i-0abc1234def56789a is down", "i-# is down"),
        ("Job 6f1c29a0-b3d4-4e5f-8a9b-0c1d2e3f4a5b failed", "Job # failed"),
        ("Free space (3.5 GB) is low", "Free space (#.# GB) is low"),
        ("Nothing varies, not even a facade", "Nothing varies, not even a facade"),
        ("", ""),
    ],
)
def test_a_pattern_leaves_numbers_and_machines_names_out(title: str, found: str) -> None:
    assert pattern(title) == found
    assert re.fullmatch(expression(found), title)


def test_an_expression_takes_the_rest_word_for_word() -> None:
    assert not re.fullmatch(expression("a.b #"), "aXb 1")
    assert re.fullmatch(expression(r"[x] ^$ {a|b} \ + * ?"), r"[x] ^$ {a|b} \ + * ?")


def test_a_key_has_the_same_short_name_everywhere() -> None:
    key = Key(integration="prod", by=By.KEY, value="disk\ud800")
    assert re.fullmatch("[0-9a-f]{10}", key.id)
    assert key.id == Key(integration="prod", by=By.KEY, value="disk\ud800").id
    others = [Key(integration="dev", by=By.KEY, value="disk"), Key(integration="prod", by=By.TITLE, value="disk")]
    assert len({key.id, *(other.id for other in others)}) == 3


def test_an_alert_has_two_keys() -> None:
    alert = Alert(status=AlertStatus.FIRING, title="Backup 17", dedup_key="b-17", source="json")
    assert of(alert, "prod") == Key(integration="prod", by=By.KEY, value="b-17")
    assert titled(alert, "prod") == Key(integration="prod", by=By.TITLE, value="Backup #")
