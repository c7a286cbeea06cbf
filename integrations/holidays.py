"""Public holidays by country, from the `holidays` package's tables."""

from datetime import date
from functools import cache

import holidays


@cache
def public_holidays(country: str | None, year: int) -> frozenset[date]:
    """The national public holidays of `country` (ISO 3166 alpha-2) in `year`; none for a country it does not know."""
    if country is None or country not in holidays.list_supported_countries():
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year))
