"""What has a name but no capacity: locations, services, their settings. SQL in the files beside.

Nothing here decides about places. How many a service sells at once is the capacity of its bookable
`service:<service id>`, which the engine alone changes and counts. Knows nothing of HTTP.

`locations.py` and `services.py` keep the rows, `answers.py` the answers under idempotency keys,
`slots.py` and `holds.py` look at reservations, `tokens.py` signs what cancels one.
"""

from lastseat.catalogue.answers import Saved, Unknown
from lastseat.catalogue.locations import Location
from lastseat.catalogue.services import Service, Terms

__all__ = ["Location", "Saved", "Service", "Terms", "Unknown"]
