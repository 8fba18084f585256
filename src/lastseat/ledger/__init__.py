"""The append-only ledger in PostgreSQL: its schema, its SQL, and rows to structs and back.

The only SQL of the write path is in `sql/*.sql`, by name. Nothing here decides anything.
"""
