"""The library's asynchronous face: an engine, and a tenant's operations as coroutines.

A refusal is returned, never raised: look at `outcome.ok`, or match on its type. What is raised is a
`LastseatError` (the database is away, an answer was lost) or `NotFound`, by reads of what is not
there. Times are aware datetimes; answers are in UTC.
"""
