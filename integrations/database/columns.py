"""Column types: aware UTC instants, UUIDv7 ids, and text that only the holder of the keys can read."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import DateTime, Dialect, LargeBinary, String
from sqlalchemy.types import TypeDecorator
from uuid6 import uuid7

from cycle.sentences import Quote, Sentence


class UnreadableText(Exception):
    """A stored text opens with none of the configured encryption keys."""

    words = Sentence(
        "A stored text opens with none of the keys in PERENNIAL_ENCRYPTION_KEYS: "
        "put the key that was in use when it was written back at the end of the list."
    )

    def __init__(self) -> None:
        super().__init__(self.words)


def new_id() -> str:
    """A UUIDv7 as text: unique without asking the database, and sorted by age."""
    return str(uuid7())


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant. SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; instants are stored as aware UTC datetimes.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EncryptedText(TypeDecorator[str]):
    """Text encrypted with the first of the engine's keys, readable with any of them.

    The cipher hangs on the engine's dialect (see `give_cipher`), so two databases in one process can
    have different keys.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _cipher(dialect).encrypt(value.encode())

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        try:
            return _cipher(dialect).decrypt(bytes(value)).decode()
        except InvalidToken as error:
            raise UnreadableText from error


class SaidLater(TypeDecorator[str]):
    """A sentence of ours, kept as what it was made of: each reader gets it in their own language.

    Any other text is kept as it is.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return json.dumps(_made_of(value), ensure_ascii=False) if isinstance(value, Sentence) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else _made_again(json.loads(value)) if value.startswith('{"template": ') else value


def _made_of(value: Any) -> Any:
    if isinstance(value, Sentence):
        return {"template": value.template, "values": {name: _made_of(each) for name, each in value.values.items()}}
    if isinstance(value, Quote):
        return {"quote": str(value)}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return {"hour": value.isoformat()} if isinstance(value, time) else value


def _made_again(kept: Any) -> Any:
    match kept:
        case {"template": str(template), "values": dict(values)}:
            return Sentence(template, **{name: _made_again(each) for name, each in values.items()})
        case {"day": str(day)}:
            return date.fromisoformat(day)
        case {"hour": str(hour)}:
            return time.fromisoformat(hour)
        case {"quote": str(quote)}:
            return Quote(quote)
    return kept


def give_cipher(dialect: Dialect, keys: Sequence[str]) -> None:
    """Lets columns of this dialect's engine encrypt with `keys[0]` and decrypt with any of `keys`."""
    dialect.perennial_cipher = MultiFernet([Fernet(key) for key in keys])  # type: ignore[attr-defined]


def _cipher(dialect: Dialect) -> MultiFernet:
    cipher: MultiFernet = dialect.perennial_cipher  # type: ignore[attr-defined]
    return cipher
