"""The outside world: addresses that users give, fetched from or posted to. Knows no bookings."""
