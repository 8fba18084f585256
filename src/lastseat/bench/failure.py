"""The one error of the benchmarks."""


class BenchmarkFailed(Exception):
    """What was measured is not what was meant to be: a refusal, a lost row, a missing program."""
