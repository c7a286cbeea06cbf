"""One request to Entra as its endpoints see it, and a refusal by AADSTS number."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl


class EntraError(Exception):
    """`kind` is OAuth's error, `number` the AADSTS one."""

    def __init__(self, kind: str, number: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.kind = kind
        self.number = number
        self.message = f"AADSTS{number}: {message}"
        self.status = status


@dataclass(frozen=True, slots=True)
class Ask:
    """An HTTP request to Entra. `base` is this server's own address, `options` the query or the form."""

    method: str
    segments: list[str]
    options: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    base: str

    @property
    def client_id(self) -> str:
        """The app that is spoken of, or that speaks."""
        return self.form.get("client_id") or self.options.get("client_id") or ""


def read_form(raw: bytes) -> dict[str, str]:
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
