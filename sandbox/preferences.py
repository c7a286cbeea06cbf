"""The `Prefer` header: several preferences, in one line or in many, and which of them an answer follows."""

import re
from collections.abc import Mapping

from sandbox.evidence import evidence

_ONE = re.compile(r'([\w.-]+)\s*(?:=\s*("[^"]*"?|[^",;]*))?')
# What is followed, with the only values that are, if not every one is.
_FOLLOWED: dict[str, tuple[str, ...]] = {
    "outlook.timezone": (),
    "outlook.body-content-type": ("text", "html"),
    "outlook.allow-unsafe-html": ("",),
    "idtype": ("immutableid",),
}


def preference(headers: Mapping[str, str], name: str) -> str:
    """The value preferred for `name` (in lower case) without its quotes; empty if there is none."""
    return _values(headers).get(name, ("", ""))[0]


def prefers(headers: Mapping[str, str], name: str) -> bool:
    """Whether `name` (in lower case) is preferred at all, with or without a value."""
    return name in _values(headers)


@evidence(
    "documented",
    "Preference-Applied repeats what was preferred: the time zone of events, the format of bodies.",
    "graph docs, api/event-get.md and api/message-get.md (request headers, example responses)",
)
@evidence(
    "reported",
    "It repeats IdType too.",
    "public clients that look for Preference-Applied: IdType to learn whether a mailbox has immutable ids",
)
@evidence("assumed", "It does not speak of odata.maxpagesize, nor of what Outlook does not know.", "no example has it")
def applied(headers: Mapping[str, str]) -> str:
    """The value of `Preference-Applied`; empty if nothing that was preferred is followed."""
    return ", ".join(said for name, (value, said) in _values(headers).items() if _is_followed(name, value.lower()))


def _is_followed(name: str, value: str) -> bool:
    known = _FOLLOWED.get(name)
    return known is not None and (value in known if known else value != "")


def _values(headers: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """By lower-case name: the value, and the whole preference as it was written. Of two the first counts."""
    text = headers.get("prefer", "")
    found: dict[str, tuple[str, str]] = {}
    for each in _ONE.finditer(text) if text else ():
        found.setdefault(each[1].lower(), ((each[2] or "").strip().strip('"').strip(), each[0].strip()))
    return found
