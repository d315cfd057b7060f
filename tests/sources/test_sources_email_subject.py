"""What subjects say, as monitoring systems and people write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.alerts import AlertStatus, Severity
from tocsin.sources.email_subject import SUBJECT_MAX, TAG_MAX, read

RESOLVED = [
    "[RESOLVED] Disk full",
    "[Resolved] Disk full",
    "[RESOLVED:2] HighLoad",
    "[OK] api",
    "(OK) api",
    "[prod] [OK] api",
    "Re: [ops] [OK] api",
    "[Recovered on {host:db-1}] Load is high",
    "[Recovered - prod] Load is high",
    "Disk full [CLEARED]",
    "Disk full (resolved)!",
    'OK: "api-5xx" in EU (Ireland)',
    "OK - api",
    "OK \N{EN DASH} api",
    "UP | shop",
    "RECOVERY",
    "resolved: Disk full",
    "Resolved in 5m 3s: CPU is high",
    "[New Relic] Closed: api",
    "** RECOVERY Service Alert: web1/HTTP is OK **",
    "** RECOVERY Host Alert: web1 is UP **",
    "UP alert: shop (shop.example) is UP",
    "Monitor is UP: shop",
    "shop is back UP",
    "db-1/CPU load WARN -> OK",
    "db-1/CPU load CRIT → OK",
    "✅ OK: shop",
    "[CRITICAL] RESOLVED: Disk full",
    "[Alert] Resolved: Disk full",
    "[RESOLVED] shop is DOWN",
    "OK: Warning: Disk full",
]
FIRING = [
    "",
    "Disk full",
    "The backup is OK again, the disk is full",
    "OK, who rebooted db-1?",
    "Okay: no",
    "[FIRING:1, RESOLVED:3] HighLoad",
    "[RESOLVED:3, FIRING:1] HighLoad",
    "[resolved tickets] Disk full",
    "Recovery plan failed",
    "Recovery of db-1 failed",
    "RECOVERY MODE ON DB-1",
    "Up to 40 hosts are unreachable",
    "up-to-date check failed",
    "Resolved issues came back: Disk full",
    "OK in the end: not",
    "db-1 is NOT OK",
    "db-1 is OK but db-2 is not",
    "ALARM: OK-button is broken",
    "normal users cannot log in",
    "The ticket (closed) was opened again",
    "PROBLEM: shop is OK",
    "[PROBLEM] resolved: Disk full",
    "[No Data] api",
    "Re: what is OK?",
    "db-1/CPU load OK -> CRIT",
]


@pytest.mark.parametrize("subject", RESOLVED)
def test_it_is_over(subject: str) -> None:
    assert read(subject).status is AlertStatus.RESOLVED


@pytest.mark.parametrize("subject", FIRING)
def test_it_fires(subject: str) -> None:
    assert read(subject).status is AlertStatus.FIRING


@pytest.mark.parametrize("subject", ["** ACKNOWLEDGEMENT Host Alert: web1 is DOWN **", "[Acknowledged] Disk full"])
def test_somebody_has_taken_it(subject: str) -> None:
    assert read(subject).status is AlertStatus.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("subject", "severity"),
    [
        ("[CRITICAL] Disk full", Severity.CRITICAL),
        ("[P1] Disk full", Severity.CRITICAL),
        ("[SEV-2] Disk full", Severity.HIGH),
        ("Error: Disk full", Severity.HIGH),
        ("warning: Disk full", Severity.WARNING),
        ("[INFO] Disk is half full", Severity.INFO),
        ("[WARNING] Critical path is slow", Severity.WARNING),
        ("web1/HTTP is CRITICAL", Severity.CRITICAL),
        ("load WARN -> CRIT", Severity.CRITICAL),
        ("A warning from db-1", Severity.WARNING),
        ("Fatal exception in api", Severity.CRITICAL),
        ("Ticket with P2 for you", Severity.HIGH),
        ("Ticket with p5 for you", Severity.INFO),
        ("Disk of db-p1 full", None),
        ("INFO of the schema is wrong", None),
        ("High load", None),
        ("Disk full", None),
    ],
)
def test_how_bad_it_is(subject: str, severity: Severity | None) -> None:
    assert read(subject).severity is severity


@pytest.mark.parametrize(
    ("subject", "title", "tags"),
    [
        ("Re: FWD: AW: Disk full", "Disk full", ()),
        ("Re[2]: Disk full", "Disk full", ()),
        ("[ops] Re: [prod] Disk full", "Disk full", ("ops", "prod")),
        ("[FIRING:2] HighLoad (prod)", "HighLoad (prod)", ()),
        ("[DOWN] db-1", "DOWN: db-1", ()),
        ("[Triggered on {host:db-1}] Load is high", "Load is high on {host:db-1}", ()),
        ("** PROBLEM Host Alert: web1 **", "PROBLEM Host Alert: web1", ()),
        ("Failed: backup", "Failed: backup", ()),
        ("[ops]", "[ops]", ("ops",)),
        ("***", "***", ()),
        ("[]", "[]", ()),
        ("(disk) full", "(disk) full", ()),
        (f"[{'x' * TAG_MAX}] y", "y", ("x" * TAG_MAX,)),
        (f"[{'x' * (TAG_MAX + 1)}] y", f"[{'x' * (TAG_MAX + 1)}] y", ()),
        (" Disk\r\n full\t\x00now ", "Disk full now", ()),
    ],
)
def test_what_it_is_called(subject: str, title: str, tags: tuple[str, ...]) -> None:
    assert (read(subject).title, read(subject).tags) == (title, tags)


@pytest.mark.parametrize(
    "same",
    [
        ["[PROBLEM] Disk full", "[RESOLVED] Disk full", "Re: Disk full", "[CRITICAL] disk full", "Disk full [OK]"],
        ['ALARM: "api" in EU (Ireland)', 'OK: "api" in EU (Ireland)', 'INSUFFICIENT_DATA: "api" in EU (Ireland)'],
        ["** PROBLEM Service Alert: a/b is CRITICAL **", "** RECOVERY Service Alert: a/b is OK **"],
        ["Monitor is DOWN: shop", "Monitor is UP: shop"],
        ["DOWN alert: shop is DOWN", "UP alert: shop is UP"],
        ["DOWN | shop", "UP | shop"],
        ["Problem: CPU is high", "Resolved in 5m 3s: CPU is high", "Resolved after 1h: CPU is high"],
        ["db-1/CPU load OK -> CRIT", "db-1/CPU load CRIT -> OK"],
        ["[Triggered on {host:db-1}] Load", "[Recovered on {host:db-1}] Load"],
        ["P1: Disk full", "P3: Disk full", "Disk full"],
        ["Disk 97% full", "Disk 99.5 % full", "Disk 100% full"],
        ["Failed at 12:30", "Failed at 1:05:09 pm", "Failed at 23:59:59.123 UTC"],
        ["Failed on 2023-11-14", "Failed on 2023-11-14T22:13:20Z", "Failed on 14.11.2023", "Failed on 2023/11/14"],
        ["Failed on 14 Nov 2023", "Failed on November 4, 2024"],
        ["Took 12ms", "Took 3.5 seconds", "Took 2 hours", "Took -1 days"],
        ["Sent 3 GB", "Sent 300 KiB/s", "Sent 10Mbps"],
        ["load > 4", "load > 17.5"],
    ],
)
def test_the_same_trouble_is_the_same(same: list[str]) -> None:
    assert len({read(subject).identity for subject in same}) == 1


@pytest.mark.parametrize(
    "different",
    [
        [
            "Disk full on db-1",
            "Disk full on db-2",
            "Disk full on db1",
            "Disk full on 10.0.0.1",
            "Disk full on 10.0.0.2",
        ],
        ["Order 4711 failed", "Order 4712 failed"],
        ["[prod] Disk full", "[test] Disk full", "Disk full"],
        ["Python 3.11 ends", "Python 3.12 ends"],
        ["HIGH pressure", "LOW pressure"],
        ["[Triggered on {host:db-1}] Load", "[Triggered on {host:db-2}] Load"],
        ["Port 80 of shop", "Port 443 of shop"],
        ["i-0abc1 is DOWN", "i-0abc2 is DOWN"],
        ["api-DOWN-1 fires", "api-UP-1 fires"],
    ],
)
def test_other_trouble_is_other_trouble(different: list[str]) -> None:
    assert len({read(subject).identity for subject in different}) == len(different)


@pytest.mark.parametrize("subject", ["", "***", "CRITICAL", "[OK]", "Re:"])
def test_what_says_nothing_has_no_identity(subject: str) -> None:
    assert read(subject).identity in {"", "re"}


PIECES = [
    "[",
    "]",
    "(",
    ")",
    "OK",
    "FIRING",
    ":",
    "-",
    " ",
    "1",
    "%",
    "Re:",
    "is ",
    "->",
    "12:30",
    ".",
    "x",
    "é",
    "\x00",
]


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_subject_is_read(subject: str) -> None:
    found = read(subject)
    assert len(found.title) <= 2 * SUBJECT_MAX
    assert "\n" not in found.title
    assert read(subject) == found


@pytest.mark.parametrize(
    "piece", ["[", "[OK] ", "Re: ", "1", "1.", "12:", "OK ", "is ", "- ", "x" * 30 + " ", "Jan 1 "]
)
def test_a_monstrous_subject_costs_no_more_than_its_size(piece: str) -> None:
    began = time.process_time()
    read(piece * 1_000_000)
    assert time.process_time() - began < 5
