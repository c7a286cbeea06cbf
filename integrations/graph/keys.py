"""The keys that our events and messages carry in Exchange, by which a lost answer is found again."""

# Our property set; any GUID would do, but it must never change: what is out there is found by it.
PROPERTY_SET = "5d3f0a52-0a0e-4c39-9b0c-0f7c1d7e6b14"
KEY = f"String {{{PROPERTY_SET}}} Name PerennialKey"
ITEMS = f"String {{{PROPERTY_SET}}} Name PerennialItems"


def has_key(key: str) -> str:
    """The $filter that finds the items with this key."""
    quoted = key.replace("'", "''")
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq '{quoted}')"
