"""National public holidays of the three countries, January to June 2030, as the `holidays` package (0.109)
lists them.
"""

from datetime import date

_DATES = {
    "DE": ("2030-01-01", "2030-04-19", "2030-04-22", "2030-05-01", "2030-05-30", "2030-06-10"),
    "US": ("2030-01-01", "2030-01-21", "2030-02-18", "2030-05-27", "2030-06-19"),
    "SG": (
        "2030-01-01",
        "2030-02-03",
        "2030-02-04",
        "2030-02-05",
        "2030-04-14",
        "2030-04-15",
        "2030-04-19",
        "2030-05-01",
        "2030-05-16",
    ),
}

PUBLIC_HOLIDAYS: dict[str, tuple[date, ...]] = {
    country: tuple(date.fromisoformat(day) for day in days) for country, days in _DATES.items()
}
