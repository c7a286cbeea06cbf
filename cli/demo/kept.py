"""What a demo leaves for whoever goes on with its database: whose tenant it was, when it ended, and its keys."""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from cli.refusal import Refused

FILE, DATABASE, DIARY = "kept.json", "perennial.db", "diary.jsonl"


@dataclass(frozen=True, slots=True)
class Kept:
    """`encryption_keys` as PERENNIAL_ENCRYPTION_KEYS has them; what they open is about people who do not exist."""

    seed: int
    people: int
    day0: date
    ended: datetime
    encryption_keys: str


def write_kept(folder: Path, kept: Kept) -> None:
    """Keys are in it: for its owner only."""
    file = folder / FILE
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(kept), default=str, indent=1), encoding="utf-8")


def read_kept(folder: Path) -> Kept:
    """Raises Refused."""
    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(
            f"{folder} holds no demo that was lived to its end; make one with: perennial demo --keep {folder}"
        ) from error
    return Kept(
        **document | {"day0": date.fromisoformat(document["day0"]), "ended": datetime.fromisoformat(document["ended"])}
    )
