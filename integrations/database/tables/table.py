"""What all tables share: the keys of a row and of another's."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from integrations.database.columns import Instant, new_id


class Table(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Instant, dict[str, Any]: JSON, list[Any]: JSON}


def own_id() -> Mapped[str]:
    return mapped_column(String(36), primary_key=True, default=new_id)


def id_of(target: str, **kwargs: Any) -> Any:
    return mapped_column(String(36), ForeignKey(target), index=True, **kwargs)
