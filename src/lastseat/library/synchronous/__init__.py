"""The library's synchronous face: the same operations, for threads.

An engine runs the asynchronous one in a thread of its own, so all threads of the process share one
turnstile, and their commands share commits.
"""
