"""Pictures: only what everybody may be sent to."""

from __future__ import annotations

import pytest

from tocsin.incidents.alerts import Alert, AlertStatus, Link
from tocsin.saying.pictures import PICTURES_MAX, is_public, pictures


def face(*links: Link, images: tuple[Link, ...] = (), title: str = "CPU") -> Alert:
    return Alert(status=AlertStatus.FIRING, title=title, dedup_key="k", source="x", links=links, images=images)


@pytest.mark.parametrize(
    ("href", "public"),
    [
        ("https://graphs.example.com/a", True),
        ("https://graphs.example.com:443/a?b=c", True),
        ("http://graphs.example.com/a.png", False),
        ("https://graphs.example.com:8443/a.png", False),
        ("https://graphs.example.com:x/a.png", False),
        ("https://user@graphs.example.com/a.png", False),
        ("https://grafana/a.png", False),
        ("https://localhost/a.png", False),
        ("https://grafana.monitoring.svc.cluster.local/a.png", False),
        ("https://ip-10-0-0-1.eu-west-1.compute.internal/a.png", False),
        ("https://169.254.169.254/a.png", False),
        ("https://[::1]/a.png", False),
        ("https://2130706433/a.png", False),
        ("https://0x7f.1/a.png", False),
        ("https:///a.png", False),
        ("https://[::1/a.png", False),
        ("https://graphs.example.com/" + "a" * 2000, False),
        ("javascript:alert(1)", False),
    ],
)
def test_only_public_names_over_https_are_shown(href: str, *, public: bool) -> None:
    assert is_public(href) is public


def test_images_come_first_and_links_to_pictures_too() -> None:
    shown = pictures(
        face(
            Link("Image", "https://graphs.example.com/render"),
            Link("Panel", "https://graphs.example.com/d/1"),
            images=(Link("", "https://graphs.example.com/1"), Link("x", "http://graphs.example.com/2")),
        )
    )
    assert shown == [
        ("Graph: CPU", "https://graphs.example.com/1"),
        ("Graph: CPU", "https://graphs.example.com/render"),
    ]


def test_a_link_whose_address_is_a_pictures_is_one() -> None:
    assert pictures(face(Link("CPU, 3 h", "https://graphs.example.com/a.PNG?x=1"), title="")) == [
        ("CPU, 3 h", "https://graphs.example.com/a.PNG?x=1")
    ]
    assert pictures(face(Link("Image", "https://graphs.example.com/a"), title="")) == [
        ("Graph", "https://graphs.example.com/a")
    ]


def test_only_so_many_are_shown() -> None:
    many = tuple(Link("Image", f"https://graphs.example.com/{number}.png") for number in range(9))
    assert len(pictures(face(*many))) == PICTURES_MAX
