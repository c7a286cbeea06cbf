"""The story's roles, tracks and openings: the shipped example around day 0, and who has which role."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import yaml

from config.pathway_files import EXAMPLE
from cycle.people import read_people_csv

ROLES = ("analyst", "customer-advisor", "analyst", "senior-analyst", "senior-customer-advisor")
LEADS = "analytics-lead"

# Days from day 0 on which the openings begin and end: one is open from the start, one comes.
OPENINGS: Mapping[str, tuple[int, int]] = {"pricing-senior-analyst": (-10, 45), "support-advisor": (20, 80)}


def pathways_yaml(people_csv: str, day0: date) -> str:
    """A file as `perennial pathways import` takes it, for the people of `people_csv`."""
    document: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    for opening in document["openings"]:
        first, last = OPENINGS[opening["key"]]
        opening["opens_on"], opening["closes_on"] = day0 + timedelta(days=first), day0 + timedelta(days=last)
    rows = read_people_csv(people_csv).rows
    managers = {row.manager for row in rows}
    document["people"] = [
        {"mail": row.mail, "role": LEADS if row.mail in managers else ROLES[n % len(ROLES)]}
        for n, row in enumerate(rows)
    ]
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
