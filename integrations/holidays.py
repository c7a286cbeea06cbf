"""Public holidays by country and part of it, from the `holidays` package's tables."""

from collections.abc import Mapping
from datetime import date
from functools import cache

import holidays
from holidays.registry import COUNTRIES


@cache
def public_holidays(country: str | None, subdivision: str | None, year: int) -> frozenset[date]:
    """The public holidays of `country` (ISO 3166 alpha-2) in `year`, with those of one of its parts.

    None for a country that the tables do not know; of a part that they do not know, the national ones.
    """
    if country is None or country not in holidays.list_supported_countries():
        return frozenset()
    part = subdivision if subdivision in parts_of(country).values() else None
    return frozenset(holidays.country_holidays(country, subdiv=part, years=year))


@cache
def parts_of(country: str) -> Mapping[str, str]:
    """What each part of a country is called (its code and its names, in lower case) -> its code."""
    if country not in holidays.list_supported_countries():
        return {}
    table = getattr(holidays, country)
    codes = {each.casefold(): each for each in table.subdivisions}
    return {name.casefold(): code for name, code in table.subdivisions_aliases.items()} | codes


@cache
def country_names() -> Mapping[str, str]:
    """What each country is called (its code and its English name, in lower case) -> its code of two letters."""
    return {each.casefold(): code for key, (_, code, *_) in COUNTRIES.items() for each in (key.replace("_", " "), code)}
