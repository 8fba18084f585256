"""The feed: a tenant's journal as one numbered list, in the order in which it became visible.

Live updates, webhooks and jobs read it and nothing else. `relay.py` writes it, `reading.py` reads
it, `pruning.py` removes what is old.

The journal itself has no such order. Its ordinals are drawn before the commit, so a lower one may
appear after a higher one was read. Transaction ids are given out at a transaction's first lock, so
sorting by them can turn one stream's entries round. And "below the oldest transaction that runs"
stands still while any long one does, in another database too. So the cursor is a *snapshot* (as in
PgQ): what the next snapshot shows and the last one did not is new, whatever its number.
"""
