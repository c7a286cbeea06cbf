"""The events in an organizer's calendar that carry a key of ours: where and with whom they stand, not what they say."""

from collections.abc import Iterator
from datetime import datetime

from msgraph.generated.models.event import Event
from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import CalendarViewRequestBuilder

from cycle.reconciliation import Standing
from integrations.graph.calendars import READ
from integrations.graph.client import Graph, asking
from integrations.graph.keys import KEY
from integrations.graph.times import instant

FIELDS = ["id", "start", "end", "isCancelled", "attendees"]
PAGE = 250


class KeyedEvents:
    """Reads; raises GraphTrouble."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def standing(self, mailbox: str, start: datetime, end: datetime) -> list[Standing]:
        """Our events that were not cancelled and lie between two instants at least in part."""
        query = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters(
            start_date_time=start.isoformat(),
            end_date_time=end.isoformat(),
            select=FIELDS,
            expand=[f"singleValueExtendedProperties($filter=id eq '{KEY}')"],
            top=PAGE,
        )
        builder = self._graph.service.users.by_user_id(mailbox).calendar_view
        config, found = asking(query), list[Standing]()
        while True:
            async with self._graph.words("compare a calendar with our tables", READ, mailbox):
                page = await builder.get(config)
            found += _ours((page and page.value) or [])
            if page is None or not page.odata_next_link:
                return found
            builder, config = builder.with_url(page.odata_next_link), asking()


def _ours(events: list[Event]) -> Iterator[Standing]:
    for event in events:
        keys = [each.value for each in event.single_value_extended_properties or () if each.id and _is_ours(each.id)]
        if not (keys and keys[0] and event.id and event.start and event.end) or event.is_cancelled:
            continue
        yield Standing(
            event.id,
            keys[0],
            instant(event.start),
            instant(event.end),
            frozenset(
                attendee.email_address.address.lower()
                for attendee in event.attendees or ()
                if attendee.email_address and attendee.email_address.address
            ),
        )


def _is_ours(property_id: str) -> bool:
    """Exchange writes the ids of properties in its own letter case."""
    return property_id.casefold() == KEY.casefold()
