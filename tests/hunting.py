"""How a planted mistake is looked for: by the machine that finds none in the code as it is.

Many short runs, each from a seed of its own, meet a rare mistake long before one run as long as all
of them does: Hypothesis goes on from what it had, so the examples of one run are much alike.
"""

from hypothesis import Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

SEEDS = 60
EXAMPLES = 6
"""For each seed."""


def hunt(machine: type[RuleBasedStateMachine], life: settings, begin: int = 1) -> None:
    """Live from one seed after the other until a mistake comes out, as whatever it raises.

    `begin` is the seed to begin with, for a mistake that the first ones are long in meeting. When
    the machine changes it may be another one: then finding it takes some seconds more.
    """
    short = settings(
        life,
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
    )
    for number in range(begin, begin + SEEDS):
        of_its_own = type(f"{machine.__name__}From{number}", (machine,), {})
        run_state_machine_as_test(seed(number)(of_its_own), settings=short)
