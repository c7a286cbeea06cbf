"""What has changed in the directory since it was read last (users/delta), in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.user import User
from msgraph.generated.users.delta.delta_get_response import DeltaGetResponse
from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder

from cycle.directory_watch import Told
from integrations.graph.calendar_delta import FORGOTTEN
from integrations.graph.client import ForeignHost, Graph, asking
from integrations.graph.directory import FIELDS, READ, hired_on, place_of_user
from integrations.graph.errors import BadRequest, Transient
from integrations.graph.subscriptions import USERS

DOING = "read the directory's changes"
# The manager comes as manager@delta only if it is selected too (users/delta).
SELECTED = [*FIELDS, "manager"]


@dataclass(frozen=True, slots=True)
class Round:
    """What one reading told, by object id; `whole` when it told of everybody. The next one goes on from `link`."""

    told: Mapping[str, Told]
    link: str
    whole: bool


class DirectoryDelta:
    """Reads the changes of the directory. Every call raises GraphTrouble."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def begin(self) -> Round:
        """Tells of everybody; later rounds tell what changed."""
        query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(select=SELECTED)
        found = await self._round(self._graph.service.users.delta, asking(query), whole=True)
        if found is None:
            raise Transient(DOING, "Microsoft Graph forgot the first page while it was read.")
        return found

    async def go_on(self, link: str) -> Round | None:
        """What changed since the round that gave `link`; None when it is forgotten, after seven days: begin anew."""
        try:
            return await self._round(self._graph.service.users.delta.with_url(link), asking(), whole=False)
        except ForeignHost:
            # The link of another Graph, from before the settings were changed.
            return None

    async def _round(
        self, builder: DeltaRequestBuilder, config: RequestConfiguration[Any], *, whole: bool
    ) -> Round | None:
        """Page after page, also past an empty one; the SDK's iterator stops there, and never shows the last link."""
        told: dict[str, Told] = {}
        while True:
            page = await self._page(builder, config)
            if page is None:
                return None
            for user in page.value or ():
                if user.id:
                    said = _told(user, user.id, whole=whole)
                    told[user.id] = told[user.id].then(said) if user.id in told else said
            if page.odata_delta_link:
                return Round(told, page.odata_delta_link, whole)
            if not page.odata_next_link:
                raise BadRequest(DOING, "Microsoft Graph gave neither a next nor a last link.")
            builder, config = builder.with_url(page.odata_next_link), asking()

    async def _page(self, builder: DeltaRequestBuilder, config: RequestConfiguration[Any]) -> DeltaGetResponse | None:
        async with self._graph.words(DOING, READ, USERS):
            try:
                return await builder.get(config)
            except ODataError as error:
                code = (error.error.code or "").casefold() if error.error else ""
                if error.response_status_code == 410 or code in FORGOTTEN:
                    return None
                raise


def _told(user: User, oid: str, *, whole: bool) -> Told:
    if "@removed" in user.additional_data:
        return Told(oid, gone=True)
    place = place_of_user(user)
    return Told(
        oid,
        enabled=user.account_enabled,
        member=user.user_type != "Guest" if user.user_type else None,
        mail=user.mail or user.user_principal_name,
        name=user.display_name,
        country=place.country,
        subdivision=place.subdivision,
        department=user.department,
        hired=hired_on(user),
        manager=_manager(user.additional_data.get("manager@delta"), whole=whole),
    )


def _manager(said: Any, *, whole: bool) -> str | None:
    """Who came, or "" when somebody only went away. In a first round, whoever has none is told without the word."""
    if not isinstance(said, list):
        return "" if whole else None
    came = [each.get("id") for each in said if isinstance(each, dict) and "@removed" not in each]
    return str(came[-1]) if came else ""
