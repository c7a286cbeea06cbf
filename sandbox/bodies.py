"""Reading a JSON body as strictly as Graph does: the right type for each property, and no property it does
not have.
"""

import json
from collections.abc import Collection
from typing import Any

from sandbox.errors import GraphError, bad_request
from sandbox.evidence import evidence
from sandbox.items import Address

_LARGEST = 4 * 1024 * 1024
# What events and messages really have, but not here.
_NOT_KEPT = frozenset(("attachments", "extensions", "multiValueExtendedProperties"))
_FLAGS = {"true": True, "false": False}


class Body:
    """One JSON object. Actions of the SDK write names in PascalCase, so the first letter's case does not
    matter.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = {name[:1].lower() + name[1:]: value for name, value in values.items() if "@odata." not in name}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def only(self, names: Collection[str], what: str) -> None:
        """Raises 400 RequestBodyRead for a property that a `what` does not have."""
        for name in self.values:
            if name in _NOT_KEPT and name not in names:
                raise bad_request(f"The sandbox tenant does not keep the property '{name}'.", "RequestBodyRead")
            if name not in names:
                raise bad_request(
                    f"The property '{name[:60]}' does not exist on type '{what}'. Make sure to only use"
                    " property names that are defined by the type.",
                    "RequestBodyRead",
                )

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise _wrong(name, "a string")
        return value

    @evidence(
        "documented",
        "The values of an enumeration are read in any case, as in 'importance': 'Low'.",
        "graph docs, api/user-post-messages.md (example request)",
    )
    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        value = self.text(name, default)
        known = next((choice for choice in choices if choice.lower() == value.lower()), None)
        if known is None:
            raise bad_request(
                f"Cannot convert the literal '{value[:60]}' to the expected type of '{name}'.",
                "RequestBodyRead",
            )
        return known

    @evidence(
        "documented",
        "A boolean may be written as a string, as in 'saveToSentItems': 'false'.",
        "graph docs, api/user-sendmail.md (example requests); the O365 client writes isOnlineMeeting so",
    )
    def flag(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, str):
            value = _FLAGS.get(value.lower(), value)
        if not isinstance(value, bool):
            raise _wrong(name, "a boolean")
        return value

    @evidence(
        "documented",
        "A number may be written as a string, as in 'availabilityViewInterval': '15'.",
        "learn.microsoft.com/archive/blogs/deva (getSchedule, example request)",
    )
    def number(self, name: str, default: int) -> int:
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not -(2**31) <= value < 2**31:
            raise _wrong(name, "an integer of 32 bits")
        return value

    def record(self, name: str) -> "Body | None":
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise _wrong(name, "an object")
        return Body(value)

    def records(self, name: str) -> list["Body"]:
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(element, dict) for element in value):
            raise _wrong(name, "a collection of objects")
        return [Body(element) for element in value]

    def texts(self, name: str) -> list[str]:
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(element, str) for element in value):
            raise _wrong(name, "a collection of strings")
        return value

    def addresses(self, name: str) -> list[Address]:
        """A collection of `{"emailAddress": {"name", "address"}}`."""
        return [element.address() for element in self.records(name)]

    def address(self) -> Address:
        found = self.record("emailAddress")
        mail = found.text("address") if found else ""
        if found is None or not mail:
            raise bad_request("A recipient needs an emailAddress with an address.", "ErrorInvalidRecipients")
        return Address(found.text("name") or mail, mail)

    def extended_properties(self) -> dict[str, str]:
        found = {}
        for element in self.records("singleValueExtendedProperties"):
            name = element.text("id")
            if not name:
                raise bad_request("An extended property needs an id.", "ErrorInvalidProperty")
            found[name] = element.text("value")
        return found

    def content(self, name: str = "body", default_type: str = "text") -> tuple[str, str]:
        """(contentType, content) of an itemBody."""
        found = self.record(name)
        if found is None:
            return default_type, ""
        kind = found.text("contentType", default_type).lower()
        if kind not in ("text", "html"):
            raise bad_request(f"Cannot convert the literal '{kind[:20]}' to a body type.", "RequestBodyRead")
        return kind, found.text("content")


def check_size(raw: bytes) -> None:
    """Raises 413 for a body that Graph would not read."""
    if len(raw) > _LARGEST:
        raise GraphError(413, "RequestEntityTooLarge", "The request body is larger than 4 MB.")


def read_body(raw: bytes) -> Body:
    """The request's JSON object; nothing at all is an empty one. Raises 400 or 413."""
    check_size(raw)
    if not raw.strip():
        return Body({})
    try:
        text = raw.decode("utf-8-sig")
        values = json.loads(text, parse_constant=_no_number)
        if "\\u" in text:
            # Half a surrogate pair is JSON, but no text: it could never be sent to anybody again.
            json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise bad_request("Unable to read JSON request payload.", "BadRequest") from None
    if not isinstance(values, dict):
        raise bad_request("Unable to read JSON request payload: an object is expected.", "BadRequest")
    return Body(values)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON.")


def _wrong(name: str, expected: str) -> GraphError:
    return bad_request(f"Cannot read the property '{name[:60]}': {expected} is expected.", "RequestBodyRead")
