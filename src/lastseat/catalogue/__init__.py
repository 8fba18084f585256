"""What has a name but no capacity: locations, services, their settings. SQL in the files beside.

Nothing here decides about places. How many a service sells at once is the capacity of its bookable
`service:<service id>`, which the engine alone changes and counts. Knows nothing of HTTP.

`locations.py` and `services.py` keep the rows, `needs.py` says what a service takes, `answers.py`
the answers under idempotency keys, `slots.py` and `holds.py` look at reservations,
`tokens.py` signs what cancels one. `calendars.py` and `feeds.py` keep what is imported and shown.
`webhooks.py` keeps who else is told of changes, `signatures.py` proves to them who told.
"""

from lastseat.catalogue.answers import Saved, Unknown
from lastseat.views.catalogue import Location, Need, Service, Terms

__all__ = ["Location", "Need", "Saved", "Service", "Terms", "Unknown"]
