"""How far the watches of calendars and of the directory have read."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.columns import EncryptedText
from integrations.database.tables.table import Table, own_id


class CalendarWatchRow(Table):
    """One organizing mailbox whose calendar is watched."""

    __tablename__ = "calendar_watches"
    id: Mapped[str] = own_id()
    mailbox: Mapped[str] = mapped_column(unique=True)
    """As `bookings.organizer` names it."""
    subscription_id: Mapped[str | None] = mapped_column(unique=True)
    client_state: Mapped[str | None] = mapped_column(EncryptedText)
    """The secret that Graph repeats in each notification; committed before the subscription is asked for."""
    notification_url: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    tended_at: Mapped[datetime | None]
    """When the subscription was last made or renewed."""
    doubted_at: Mapped[datetime | None]
    """Graph said that the subscription needs care, or that something was missed."""
    refused_at: Mapped[datetime | None]
    """Since when Graph refuses a subscription; None while it works."""
    delta_link: Mapped[str | None]
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    full_look_at: Mapped[datetime | None]
    """When the window was last read whole."""
    looked_at: Mapped[datetime | None]
    compared_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    """Set while this mailbox organizes nothing."""


class DirectoryWatchRow(Table):
    """The one watch of the tenant's directory; what it knows of its subscription is as in `calendar_watches`."""

    __tablename__ = "directory_watches"
    id: Mapped[str] = own_id()
    resource: Mapped[str] = mapped_column(unique=True)
    """As Graph names it: /users."""
    subscription_id: Mapped[str | None] = mapped_column(unique=True)
    client_state: Mapped[str | None] = mapped_column(EncryptedText)
    notification_url: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    tended_at: Mapped[datetime | None]
    doubted_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    delta_link: Mapped[str | None]
    full_look_at: Mapped[datetime | None]
    """When everybody in the directory was last read."""
    looked_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
