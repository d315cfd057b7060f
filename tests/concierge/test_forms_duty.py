"""Override and swap: who is on call then, who hears of it, who may answer, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.concierge.forms_world import MONDAY, ROOM, URL, House, buttons, options, private, public, wrong
from tocsin.conversing.forms_duty import ANYBODY
from tocsin.conversing.wishes import Filled, Place, Speaker
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.saying.forms import Form, Moments
from tocsin.schedules.timeline import on_call
from tocsin.wiring import news
from tocsin.wiring.oncall_book import OnCallBook
from tocsin.wiring.schedules import OVERRIDE, agreed

ADAS = MONDAY - 4 * HOUR  # Her turn in `primary` began at eight; Bo's follows, then hers again.


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "tocsin.db")
    yield found
    found.close()


def duty(house: House, at: int, schedule: str = "primary") -> str:
    return on_call(house.desk.oncall.schedule(schedule), at).who


# ── Override ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_override_counts_at_once_and_the_room_hears_of_it(house: House) -> None:
    form = house.form("ada", "form:override")
    assert options(form, "who") == {"ada": "Ada (on call in primary)", "bo": "Bo", "cy": "Cy (on call in backup)"}
    begin, end = (field for field in form.fields if isinstance(field, Moments))
    assert (begin.initial, end.initial) == (MONDAY, MONDAY + 8 * HOUR)
    house.now += 2 * MINUTE
    told = public(house.send("ada", form, who="cy", until=MONDAY + HOUR))
    start = MONDAY + 2 * MINUTE
    assert told == f"Cy is on call in primary from <{start}> until <{MONDAY + HOUR}>: an override by Ada."
    assert [duty(house, at) for at in (start, MONDAY + HOUR)] == ["cy", "ada"]


def test_strangers_change_nothing(house: House) -> None:
    form = house.form("ada", "form:override")
    for reply in (house.press("slack:guest", "form:override"), house.send("slack:guest", form, who="bo")):
        assert private(reply).startswith("Only responders of the configuration can change who is on call")
    assert private(house.press("slack:guest", "form:swap")).startswith("You have no shift")
    assert duty(house, MONDAY) == "ada"


def test_the_same_form_overrides_once(house: House) -> None:
    form = house.form("bo", "form:override", schedule="backup")
    first = public(house.send("bo", form, who="bo"))
    assert first == f"Bo is on call in backup from <{MONDAY}> until <{MONDAY + 8 * HOUR}>."
    house.now += MINUTE
    assert public(house.send("bo", form, who="bo")) == first
    assert len(house.desk.oncall.schedule("backup").overrides) == 1


def test_two_clicks_at_the_same_moment_override_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second looks before the first has written, and writes after it."""
    form = house.form("bo", "form:override")
    first = public(house.send("bo", form, who="bo"))
    house.now += MINUTE
    looks = [[], *[agreed(house.store, OVERRIDE)] * 2]
    monkeypatch.setattr("tocsin.wiring.concierge.forms_duty.agreed", lambda *_: looks.pop(0))
    assert public(house.send("bo", form, who="bo")) == first
    assert len(house.desk.oncall.schedule("primary").overrides) == 1


def test_an_override_ends_with_the_shift_where_that_is_soon(house: House) -> None:
    house.now = MONDAY + 15 * HOUR
    _, end = (field for field in house.form("ada", "form:override").fields if isinstance(field, Moments))
    assert end.initial == MONDAY + 20 * HOUR


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"who": ""}, {"who": "Choose somebody."}),
        ({"who": "dee"}, {"who": "Choose somebody; whom you have chosen is not there any more."}),
        ({"from": None, "until": None}, {"from": "Choose from when.", "until": "Choose until when."}),
        ({"from": MONDAY - DAY}, {"from": "That has passed; choose now, or later."}),
        ({"until": MONDAY - HOUR}, {"until": "Mon 2026-01-05 11:00 is not later than Mon 2026-01-05 12:00."}),
        ({"schedule": "gone"}, {"schedule": 'There is no schedule "gone"; known: primary, backup.'}),
    ],
)
def test_what_cannot_be_an_override_is_said_at_its_field(
    house: House, values: dict[str, object], errors: dict[str, str]
) -> None:
    assert wrong(house.send("ada", house.form("ada", "form:override"), **{"who": "bo", **values})) == errors
    assert duty(house, MONDAY) == "ada"


def test_a_refusal_that_is_about_no_field_is_an_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.wiring.oncall_book.LIVE_MAX", 0)
    form = house.form("ada", "form:override")
    assert private(house.send("ada", form, who="bo")).startswith("There are 0 of them already")


def test_a_store_that_cannot_write_is_no_correction(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    override, swap = house.form("ada", "form:override"), house.form("ada", "form:swap")
    asked, _ = house.desk.oncall.ask(schedule="primary", by="ada", start=ADAS, until=ADAS + DAY, to="bo")

    def full(*_: object) -> None:
        raise StoreUnavailableError("disk full")

    monkeypatch.setattr(house.store, "put_record", full)
    monkeypatch.setattr(house.store, "take_record", full)
    for form, values in ((override, {"who": "bo"}), (swap, {"to": "bo"})):
        with pytest.raises(StoreUnavailableError):
            house.send("ada", form, **values)
    for verb in ("swap:accept", "swap:decline"):
        with pytest.raises(StoreUnavailableError):
            house.press("bo", verb, s=asked.id)


def test_without_a_schedule_there_is_nothing_to_override_or_to_swap(tmp_path: Path) -> None:
    house = House(tmp_path / "tocsin.db", "responders: {ada: }")
    assert "no schedule" in private(house.press("ada", "form:override"))
    assert private(house.press("ada", "form:swap")).startswith("You have no shift in the next 60 days")
    house.close()


# ── Swap ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def swap(house: House, to: str = "bo", **more: object) -> Form:
    form = house.form("ada", "form:swap")
    public(house.send("ada", form, to=to, **more))
    house.rest()
    return form


def test_whom_a_swap_asks_hears_of_it_and_accepts_and_the_asker_hears_that(house: House) -> None:
    form = house.form("ada", "form:swap", zone="Europe/Berlin")
    mine = options(form, "shift")
    first = f"{MONDAY}/{ADAS + DAY}/primary"
    assert mine[first] == "Mon 5 Jan 13:00 to Tue 6 Jan 09:00, primary"
    assert options(form, "to") == {"bo": "Bo", "cy": "Cy (on call in backup)", ANYBODY: "Anybody"}
    back = f"{ADAS + DAY}/{ADAS + 2 * DAY}/primary"
    assert options(form, "back")[back] == "Bo: Tue 6 Jan 09:00 to Wed 7 Jan 09:00, primary"
    told = public(house.send("ada", form, to="bo", back=back, comment="my\nwedding"))
    shift = f"the shift in primary from <{MONDAY}> to <{ADAS + DAY}>."
    returned = f"In return Ada takes <{ADAS + DAY}> to <{ADAS + 2 * DAY}>."
    assert told == f"Ada asks Bo to take {shift} {returned} Nothing changes before Bo accepts."
    house.rest()
    [(receiver, asked)] = house.told
    assert (receiver, asked.title) == ("responder:bo", "Ada asks you to take a shift")
    assert asked.lines == (
        "primary: 2026-01-05 12:00 UTC to 2026-01-06 08:00 UTC",
        "In return Ada takes: 2026-01-06 08:00 UTC to 2026-01-07 08:00 UTC",
        "Ada says: my wedding",
        "Nothing changes before it is accepted.",
        f"You can answer in the console, too: {URL}/oncall",
    )
    assert [(offer.verb, offer.label) for offer in asked.offers] == [
        ("swap:accept", "Accept"),
        ("swap:decline", "Decline"),
    ]
    assert duty(house, MONDAY) == "ada"
    answer = public(house.press("bo", asked.offers[0].verb, **asked.offers[0].value))
    assert answer == f"Bo takes the shift in primary from <{MONDAY}> to <{ADAS + DAY}> instead of Ada. {returned}"
    assert [duty(house, at) for at in (MONDAY, ADAS + DAY)] == ["bo", "ada"]
    house.rest()
    [_, (receiver, heard)] = house.told
    assert (receiver, heard.title) == ("responder:ada", "Bo takes your shift")
    assert heard.lines[1] == "In return you take: 2026-01-06 08:00 UTC to 2026-01-07 08:00 UTC"
    assert not heard.offers
    assert public(house.press("bo", "swap:accept", **asked.offers[0].value)) == answer, "pressed twice"
    house.rest()
    assert len(house.told) == 2


def test_the_same_form_asks_once(house: House) -> None:
    form = swap(house)
    house.now += MINUTE
    assert public(house.send("ada", form, to="bo")).startswith("Ada asks Bo")
    house.rest()
    assert len(house.told) == 1
    [asked] = house.desk.oncall.swaps()
    house.press("bo", "swap:accept", s=asked.id)
    assert public(house.send("ada", form, to="bo")).startswith("Bo takes the shift")


def test_who_declines_is_told_so_and_the_asker_hears_it(house: House) -> None:
    swap(house)
    [asked] = house.desk.oncall.swaps()
    assert private(house.press("bo", "swap:decline", s=asked.id)) == "You have declined; Ada hears of it."
    house.rest()
    receiver, heard = house.told[-1]
    assert (receiver, heard.title) == ("responder:ada", "Bo cannot take your shift")
    assert heard.lines[-1] == "You are on call then, as before."
    late = "That swap is over: it was declined, or taken back."
    assert private(house.press("bo", "swap:decline", s=asked.id)) == late
    assert private(house.press("bo", "swap:accept", s=asked.id)) == late
    assert duty(house, MONDAY) == "ada"


def test_anybody_may_be_asked_and_the_first_one_has_it(house: House) -> None:
    form = house.form("ada", "form:swap")
    reply = house.send("ada", form, to=ANYBODY)
    assert public(reply).startswith("Ada asks who can take the shift in primary")
    [button] = buttons(reply)
    house.rest()
    [(receiver, asked)] = house.told
    assert (receiver, asked.title) == ("responder:bo", "Ada asks who can take a shift")
    assert [offer.label for offer in asked.offers] == ["Accept"]
    assert private(house.press("ada", button.verb, **button.value)).startswith("You have asked for it yourself")
    assert private(house.press("ada", "swap:decline", **button.value)).startswith("You have asked for it yourself")
    assert "not among them yet" in private(house.press("slack:guest", button.verb, **button.value))
    assert public(house.press("cy", button.verb, **button.value)).startswith("Cy takes the shift")
    assert private(house.press("bo", button.verb, **button.value)) == "Cy has taken it already. Thank you all the same!"
    assert private(house.press("cy", "swap:decline", **button.value)).startswith("You have accepted it already")
    assert public(house.send("ada", form, to=ANYBODY)).startswith("Cy takes the shift")


def test_only_whom_it_asks_can_answer(house: House) -> None:
    swap(house)
    [asked] = house.desk.oncall.swaps()
    for verb in ("swap:accept", "swap:decline"):
        assert private(house.press("cy", verb, s=asked.id)) == "It asks Bo, so only they can answer."


def test_a_shift_that_is_over_is_not_taken(house: House) -> None:
    swap(house)
    [asked] = house.desk.oncall.swaps()
    house.now += 2 * DAY
    assert private(house.press("bo", "swap:accept", s=asked.id)) == "The time of that shift has passed."


def test_who_has_asked_may_take_it_back_and_the_other_hears_it(house: House) -> None:
    swap(house)
    [asked] = house.desk.oncall.swaps()
    house.desk.oncall.withdraw(asked.id, "ada")
    house.rest()
    receiver, heard = house.told[-1]
    assert (receiver, heard.title) == ("responder:bo", "Ada has taken the swap back")


def test_who_has_accepted_may_take_it_back_and_the_asker_hears_it(house: House) -> None:
    swap(house)
    [asked] = house.desk.oncall.swaps()
    house.desk.oncall.accept(asked.id, "bo")
    house.desk.oncall.withdraw(asked.id, "bo")
    house.rest()
    receiver, heard = house.told[-1]
    assert (receiver, heard.title) == ("responder:ada", "Bo has taken the swap back")
    assert heard.lines[-1] == "You are on call then, as before it."


def test_nobody_is_asked_what_was_taken_back_meanwhile(house: House) -> None:
    """The question is dropped before it leaves; nobody in particular was asked, so nobody hears of the end."""
    asked, _ = house.desk.oncall.ask(schedule="primary", by="ada", start=ADAS, until=ADAS + DAY)
    house.desk.oncall.withdraw(asked.id, "ada")
    house.rest()
    assert house.told == []


def test_what_was_asked_just_before_a_crash_is_told_at_the_next_start(house: House) -> None:
    asking = {"schedule": "primary", "by": "ada", "start": ADAS, "until": ADAS + DAY}
    told, _ = house.desk.oncall.ask(**asking, to="bo", comment="please")  # type: ignore[arg-type]
    house.rest()
    silent = OnCallBook(house.settings, house.store, lambda: house.now)  # It tells nobody.
    for to, until in (("cy", ADAS + DAY), ("bo", MONDAY + HOUR)):
        silent.ask(**{**asking, "to": to, "until": until})  # type: ignore[arg-type]
    house.desk.oncall.accept(silent.ask(**{**asking, "to": "bo"})[0].id, "bo")  # type: ignore[arg-type]
    house.now += 2 * HOUR
    house.told.clear()
    for _ in range(2):  # Two starts.
        house.accept(news.unanswered(house.store, house.now))
        house.rest()
    assert [receiver for receiver, _ in house.told if receiver != "responder:ada"] == ["responder:cy"]
    assert told in house.desk.oncall.swaps()


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"shift": "x"}, {"shift": "Choose one of your shifts."}),
        ({"shift": f"{MONDAY}/{ADAS + DAY}/gone"}, {"shift": 'There is no schedule "gone"; known: primary, backup.'}),
        (
            {"shift": f"{ADAS + DAY}/{ADAS + 2 * DAY}/primary"},
            {"shift": "Ada has no turn in primary from Tue 2026-01-06 08:00 to Wed 2026-01-07 08:00."},
        ),
        ({"to": ""}, {"to": "Choose whom to ask."}),
        ({"to": "dee"}, {"to": "Choose somebody else; whom you have chosen is not there any more."}),
        ({"to": "ada"}, {"to": "Choose somebody else than yourself."}),
        ({"comment": "x" * 501}, {"comment": "These are 501 characters; 500 are possible."}),
        ({"back": "x"}, {"back": "Choose another shift; that one is not there any more."}),
        (
            {"back": f"{MONDAY}/{MONDAY + DAY}/gone"},
            {"back": "Choose another shift; that one is not there any more."},
        ),
        (
            {"back": f"{MONDAY}/{MONDAY + DAY}/backup"},
            {"back": "Choose a shift of the same schedule, primary."},
        ),
        (
            {"to": ANYBODY, "back": f"{ADAS + DAY}/{ADAS + 2 * DAY}/primary"},
            {"back": "Choose a shift of whom you ask, or none."},
        ),
    ],
)
def test_what_cannot_be_a_swap_is_said_at_its_field(
    house: House, values: dict[str, object], errors: dict[str, str]
) -> None:
    found = wrong(house.send("ada", house.form("ada", "form:swap"), **{"to": "bo", **values}))
    assert found == errors
    assert house.desk.oncall.swaps() == []


def test_who_is_alone_cannot_swap(tmp_path: Path) -> None:
    layer = "{responders: [ada], start: 2026-01-05 08:00, rotate: daily}"
    config = f"responders: {{ada: }}\nschedules: {{solo: {{layers: [{layer}]}}}}"
    house = House(tmp_path / "tocsin.db", config)
    assert private(house.press("ada", "form:swap")) == "There is nobody else who could take it."
    house.close()


@pytest.mark.parametrize("name", ["override", "swap"])
def test_a_form_that_is_not_ours_is_not_believed(house: House, name: str) -> None:
    by, place = Speaker(chat="slack", user="U", responder="ada"), Place(channel=ROOM)
    wish = Filled(by=by, place=place, form=name, values={}, facts={}, at=MONDAY)
    assert private(house.concierge.answer(wish)) == "That form is from an older version; open it again."
