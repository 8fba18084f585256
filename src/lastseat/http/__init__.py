"""The HTTP service: what the library does, for those who are elsewhere.

One file for each capability, `app.py` that puts them together, `server.py` that serves them. No
decision is made here: every write is a command of the engine, every refusal the engine's own.
"""
