"""The library: two faces, asynchronous and synchronous, and `execute_in`."""
