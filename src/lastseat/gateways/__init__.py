"""The outside world: what is fetched from addresses that users give. Knows nothing of bookings."""
