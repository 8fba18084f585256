"""An event with one occurrence that nobody has opened yet."""

import lastseat

YOGA = "yoga@2031-05-02T18:00"


def define_yoga(tenant: lastseat.Tenant, capacity: int) -> None:
    """Make the event."""
    outcome = tenant.define_event(
        "yoga", starts=["2031-05-02T18:00"], duration=3600, time_zone="UTC", capacity=capacity
    )
    assert outcome.ok
