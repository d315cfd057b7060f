"""The sealing of push messages, by the example of RFC 8291, and by who signs, by RFC 8292."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.webpush.browser import FakeBrowser
from tocsin.kernel.time import HOUR, SECOND
from tocsin.webpush.encryption import encrypt, read_base64, read_point, write_base64
from tocsin.webpush.vapid import Vapid, make_secret

NOW = 1_795_000_000_000


def raw(text: str) -> bytes:
    found = read_base64(text)
    assert found is not None
    return found


def test_the_example_of_the_standard() -> None:
    browser = read_point(raw("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"))
    assert browser
    number = int.from_bytes(raw("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    sealed = encrypt(
        b"When I grow up, I want to be a watermelon",
        browser,
        raw("BTBZMqHH6r4Tts7J_aSIgg"),
        ours=ec.derive_private_key(number, ec.SECP256R1()),
        salt=raw("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert write_base64(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru"
        "3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_what_is_sealed_is_read_by_its_browser_only_and_never_twice_the_same() -> None:
    browser = FakeBrowser("https://push.example/1")
    key, secret = read_point(raw(browser.subscription.key)), raw(browser.subscription.secret)
    assert key
    first, second = encrypt(b'{"a":1}', key, secret), encrypt(b'{"a":1}', key, secret)
    assert browser.read(first) == browser.read(second) == {"a": 1}
    assert first != second


@pytest.mark.parametrize("text", ["a b", "a+b/", "é", "a"])
def test_what_is_no_base64_is_none(text: str) -> None:
    assert read_base64(text) is None


@pytest.mark.parametrize("wrong", [b"", b"\x04" + b"\x01" * 64, b"\x02" + b"\x01" * 64, b"\x04" * 64])
def test_what_is_no_point_is_none(wrong: bytes) -> None:
    assert read_point(wrong) is None


def test_who_we_are_is_signed_for_one_service() -> None:
    vapid = Vapid(raw(make_secret()), "https://tocsin.example")
    scheme, _, rest = vapid.authorization("https://push.example", NOW).partition(" ")
    assert scheme == "vapid"
    told = dict(part.split("=", 1) for part in rest.split(", "))
    assert told["k"] == vapid.public
    signed, _, signature = told["t"].rpartition(".")
    header, claims = (msgspec.json.decode(raw(part)) for part in signed.split("."))
    assert header == {"typ": "JWT", "alg": "ES256"}
    assert claims == {
        "aud": "https://push.example",
        "exp": (NOW + 12 * HOUR) // SECOND,
        "sub": "https://tocsin.example",
    }
    numbers = raw(signature)
    assert len(numbers) == 64
    der = encode_dss_signature(int.from_bytes(numbers[:32], "big"), int.from_bytes(numbers[32:], "big"))
    public = read_point(raw(vapid.public))
    assert public
    public.verify(der, signed.encode(), ec.ECDSA(SHA256()))


def test_a_key_pair_stays_the_same() -> None:
    secret = raw(make_secret())
    assert Vapid(secret, "a").public == Vapid(secret, "b").public
    assert len(secret) == 32
