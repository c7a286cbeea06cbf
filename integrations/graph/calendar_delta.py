"""What has changed in a calendar since it was read last (calendarView/delta): which events, and nothing of them."""

from dataclasses import dataclass
from datetime import datetime

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.calendar_view.delta.delta_get_response import DeltaGetResponse
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder

from integrations.graph.calendars import READ
from integrations.graph.client import ForeignHost, Graph, asking
from integrations.graph.errors import BadRequest, Transient

PAGE = "odata.maxpagesize=100"
# What the service says when it has forgotten a link, beside the status 410 (delta-query-overview).
FORGOTTEN = frozenset({"syncstatenotfound", "resyncrequired", "syncstateinvalid"})


@dataclass(frozen=True, slots=True)
class Round:
    """What one reading named, and the link with which the next one goes on from there.

    `named`: change key by event id; None for an event that is gone, or outside the window now.
    """

    named: dict[str, str | None]
    link: str


class CalendarDelta:
    """Reads the changes of a mailbox's calendar. Every call raises GraphTrouble."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def begin(self, mailbox: str, start: datetime, end: datetime) -> Round:
        """Names every event between two instants; later rounds name what changed among them."""
        query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
            start_date_time=start.isoformat(), end_date_time=end.isoformat()
        )
        found = await self._round(mailbox, self._builder(mailbox), _asking(query))
        if found is None:
            raise Transient("read a calendar's changes", "Microsoft Graph forgot the first page while it was read.")
        return found

    async def go_on(self, mailbox: str, link: str) -> Round | None:
        """What changed since the round that gave `link`; None when the service has forgotten it: begin anew."""
        try:
            return await self._round(mailbox, self._builder(mailbox).with_url(link), _asking(None))
        except ForeignHost:
            # The link of another Graph, from before the settings were changed.
            return None

    async def _round(
        self,
        mailbox: str,
        builder: DeltaRequestBuilder,
        config: RequestConfiguration[DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters],
    ) -> Round | None:
        """Page after page, also past an empty one; the SDK's iterator stops there, and never shows the last link."""
        named: dict[str, str | None] = {}
        while True:
            page = await self._page(mailbox, builder, config)
            if page is None:
                return None
            for event in page.value or ():
                if event.id:
                    gone = "@removed" in event.additional_data
                    named[event.id] = None if gone else event.change_key or ""
            if page.odata_delta_link:
                return Round(named, page.odata_delta_link)
            if not page.odata_next_link:
                raise BadRequest("read a calendar's changes", "Microsoft Graph gave neither a next nor a last link.")
            builder, config = builder.with_url(page.odata_next_link), _asking(None)

    async def _page(
        self,
        mailbox: str,
        builder: DeltaRequestBuilder,
        config: RequestConfiguration[DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters],
    ) -> DeltaGetResponse | None:
        async with self._graph.words("read a calendar's changes", READ, mailbox):
            try:
                return await builder.get(config)
            except ODataError as error:
                code = (error.error.code or "").casefold() if error.error else ""
                if error.response_status_code == 410 or code in FORGOTTEN:
                    return None
                raise

    def _builder(self, mailbox: str) -> DeltaRequestBuilder:
        return self._graph.service.users.by_user_id(mailbox).calendar_view.delta


def _asking(
    query: DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters | None,
) -> RequestConfiguration[DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters]:
    config = asking(query)
    config.headers.add("Prefer", PAGE)
    return config
