"""From commands to durable answers: the turnstile, the executor, the drivers.

Read executor.py for what one transaction does, turnstile.py for how commands come to share one.
"""
