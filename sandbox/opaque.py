"""Tokens that mean something to the tenant only: small records, written so that they fit into an address."""

import base64
import binascii
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError


class Opaque(BaseModel):
    """What a token says. A token of another shape is no token."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


Kind = TypeVar("Kind", bound=Opaque)


def sealed(token: Opaque) -> str:
    return base64.urlsafe_b64encode(token.model_dump_json().encode()).decode().rstrip("=")


def unsealed(kind: type[Kind], text: str) -> Kind | None:
    """None for anything that `sealed` did not write."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return kind.model_validate_json(raw)
    except (ValueError, binascii.Error, ValidationError):
        return None
