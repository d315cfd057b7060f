"""What fits into an SMS, and what a voice says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.alerts import Severity
from tocsin.incidents.telling import Told
from tocsin.incidents.texting import PART_SEPTETS, PART_UNITS, PARTS_MAX, fits, sms, speech

LINK = "https://tocsin.example/incidents/1"


def told(headline: str, link: str = LINK) -> Told:
    return Told(headline=headline, text="", link=link, severity=Severity.CRITICAL)


def test_an_sms_is_the_headline_and_the_link() -> None:
    assert sms(told("[critical] CPU is high — asks you")) == f"[critical] CPU is high - asks you\n{LINK}"


def test_typography_does_not_halve_what_an_sms_holds() -> None:
    typography = "\u201ca\u201d\u2026\u00a0\u2013\u2018b\u2019"
    assert sms(told(typography)) == f"\"a\"... -'b'\n{LINK}"


def test_a_long_title_is_cut_and_its_link_is_not() -> None:
    text = sms(told("x" * 500))
    assert text.endswith(f"x...\n{LINK}")
    assert len(text) == PARTS_MAX * PART_SEPTETS


def test_what_is_no_latin_takes_more_room() -> None:
    text = sms(told("高" * 500))
    assert text.endswith(f"高...\n{LINK}")
    assert len(text) == PARTS_MAX * PART_UNITS


def test_characters_that_take_two_places_are_counted_so() -> None:
    assert fits("€" * PART_SEPTETS)
    assert not fits("€" * (PART_SEPTETS + 1))
    assert not fits("x" * PARTS_MAX * PART_SEPTETS + "y")


@given(headline=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400))
def test_an_sms_always_fits_and_always_has_the_whole_link(headline: str) -> None:
    text = sms(told(headline))
    assert fits(text)
    assert text.endswith(f"\n{LINK}")


def test_a_link_that_is_too_long_stays_whole() -> None:
    link = f"https://tocsin.example/{'x' * 400}"
    assert sms(told("[high] CPU", link)) == f"...\n{link}"


def test_a_voice_says_what_has_happened() -> None:
    said = "This is Tocsin with a page. critical: CPU is high. Please answer in the console."
    assert speech(told("[critical] CPU is high — asks you")) == said
    assert speech(told("[critical] 3 incidents ask you at once")) == (
        "This is Tocsin with a page. critical: 3 incidents ask you at once. Please answer in the console."
    )
