"""The application put together: routes, errors, the OpenAPI document, the engine's life.

`ROUTES` lists what there is: each capability's file exports its `handlers`, and has its line here.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from litestar import Litestar

import lastseat
from lastseat.feed.hub import Hub
from lastseat.http import (
    actors,
    agenda,
    appointments,
    arrivals,
    availability,
    bookables,
    bookings,
    calendars,
    cleaning,
    composites,
    definitions,
    deliveries,
    details,
    document,
    editing,
    exporting,
    facts,
    feeds,
    health,
    keys,
    lifecycle,
    live,
    locations,
    metrics,
    moves,
    people,
    readiness,
    rescheduling,
    reservations,
    rosters,
    rules,
    seats,
    selling,
    series,
    services,
    suggestions,
    tenants,
    trails,
    waitlist,
    webhooks,
)
from lastseat.http.addresses import answer_head, keep_slashes, tell_methods
from lastseat.http.auth import SERVICE, Service
from lastseat.http.background import Serving, at_work
from lastseat.http.body import BODY_BYTES
from lastseat.http.edge import EDGE, Edge, stand_before
from lastseat.http.errors import HANDLERS
from lastseat.http.settings import ServeSettings
from lastseat.http.siblings import telling
from lastseat.http.straight import short_ways

ROUTES: list[list[Any]] = [
    health.handlers,
    readiness.handlers,
    metrics.handlers,
    document.handlers,
    tenants.handlers,
    keys.handlers,
    people.handlers,
    definitions.handlers,
    composites.handlers,
    bookables.handlers,
    editing.handlers,
    rosters.handlers,
    bookings.handlers,
    series.handlers,
    lifecycle.handlers,
    arrivals.handlers,
    details.handlers,
    moves.handlers,
    seats.handlers,
    trails.handlers,
    facts.handlers,
    actors.handlers,
    locations.handlers,
    services.handlers,
    calendars.handlers,
    exporting.handlers,
    feeds.handlers,
    selling.handlers,
    waitlist.handlers,
    rules.handlers,
    availability.handlers,
    suggestions.handlers,
    agenda.handlers,
    live.handlers,
    webhooks.handlers,
    deliveries.handlers,
    reservations.handlers,
    rescheduling.handlers,
    appointments.handlers,
    cleaning.handlers,
]
"""The handlers of each capability."""


def make_app(settings: ServeSettings) -> Litestar:
    """The service as an ASGI application. Its engine is open from startup to shutdown."""
    service = Service(settings)
    edge = Edge(settings)
    hub = Hub(settings.url, clients=settings.live_clients, heartbeat=settings.heartbeat)

    @asynccontextmanager
    async def engine_open(_: Litestar) -> AsyncIterator[None]:
        # The database was made ready by whoever serves; it need not even be up now.
        opening = lastseat.open_async(
            settings.url, migrate=False, patience=settings.patience, read_url=settings.read_url
        )
        async with opening as engine:
            service.opened(engine)
            async with (
                at_work(Serving(settings, engine, hub)),
                telling(settings.siblings, settings.worker, lambda: metrics.told(app)),
            ):
                yield

    app = Litestar(
        route_handlers=[handler for handlers in ROUTES for handler in handlers],
        exception_handlers=HANDLERS,
        lifespan=[engine_open],
        openapi_config=None,
        request_max_body_size=settings.body_bytes,
        # Ours are logged in errors.py, with an incident's id.
        logging_config=None,
        debug=False,
        opt={
            SERVICE: service,
            document.DRAW: openapi_document,
            BODY_BYTES: settings.body_bytes,
            live.HUB: hub,
            EDGE: edge,
        },
    )
    tell_methods(app)
    keep_slashes(app)
    short_ways(app)
    answer_head(app)
    stand_before(app, edge)
    return app


@cache
def openapi_document() -> bytes:
    """The OpenAPI document, as JSON: the same for every server of this version."""
    handlers = [handler for handlers in ROUTES for handler in handlers]
    return document.drawn(handlers)
