"""Which country's holidays are somebody's, and which part of it."""

from collections.abc import Mapping

import pytest

from cycle.places import Place, place_of

COUNTRIES = {"de": "DE", "germany": "DE", "us": "US", "united states": "US", "in": "IN", "india": "IN", "sg": "SG"}
PARTS = {
    "DE": {"by": "BY", "bayern": "BY", "be": "BE", "berlin": "BE"},
    "US": {"in": "IN", "indiana": "IN", "de": "DE", "delaware": "DE", "ny": "NY", "new york": "NY"},
}


def parts(country: str) -> Mapping[str, str]:
    return PARTS.get(country, {})


@pytest.mark.parametrize(
    ("office", "state", "country", "usage", "place"),
    [
        (None, None, None, None, Place(None)),
        (None, None, "DE", None, Place("DE")),
        (None, None, "Germany", None, Place("DE")),
        (None, None, "somewhere", "DE", Place("DE")),
        ("DE-BY", None, None, None, Place("DE", "BY")),
        ("Munich (DE-BY)", None, "US", None, Place("DE", "BY")),
        ("Munich, Bayern", None, "DE", None, Place("DE", "BY")),
        ("Berlin, Germany", None, "US", None, Place("DE", "BE")),
        ("Indianapolis, IN", None, "US", None, Place("US", "IN")),
        ("Bengaluru, IN", None, "DE", None, Place("IN")),
        ("DE", None, "DE", "DE", Place("DE")),
        ("US", None, "DE", "DE", Place("US")),
        ("Room 12", "Bayern", "DE", None, Place("DE", "BY")),
        ("Room 12", "Bayern", "SG", None, Place("SG")),
        ("New York / 5th floor", None, None, "US", Place("US", "NY")),
    ],
)
def test_the_office_counts_first(
    office: str | None, state: str | None, country: str | None, usage: str | None, place: Place
) -> None:
    assert place_of(office, state, country, usage, COUNTRIES, parts) == place
