"""The plot of what `lastseat bench` measured, from figures.json: before and after, and what for.

    python docs/figures.py > speed.svg

Each bar is a figure over what it is held to first (docs/performance.md), or that over the figure
where less is better: at 1 the target is kept. Drawn whenever the documentation is put together.
"""

import sys
from pathlib import Path

import msgspec
import pygal
from pygal.style import CleanStyle


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ratio of a benchmark: medians of runs before and after."""

    name: str
    first: float
    """What it is held to."""
    before: float
    after: float
    less: bool = False
    """Whether less is better."""

    def kept(self, measured: float) -> float:
        """How many times better than asked for."""
        return self.first / measured if self.less else measured / self.first


def figures() -> list[Figure]:
    """All of them, in the order of the page's table."""
    text = Path(__file__).with_name("figures.json").read_bytes()
    return msgspec.json.decode(text, type=list[Figure])


def plot() -> bytes:
    """The figures as bars, in SVG."""
    # No scripts, and the same file each time.
    chart = pygal.HorizontalBar(
        no_prefix=True,
        js=[],
        style=CleanStyle(label_font_size=12, major_label_font_size=12, legend_font_size=12),
        width=860,
        height=90 + 46 * len(figures()),
        legend_at_bottom=True,
        truncate_label=-1,
        value_formatter=lambda times: f"{times:.2f}",
        title="times better than what it is held to first",
    )
    # The first is drawn at the bottom.
    shown = figures()[::-1]
    chart.x_labels = [x.name for x in shown]
    chart.add("after", [x.kept(x.after) for x in shown])
    chart.add("before", [x.kept(x.before) for x in shown])
    drawn: bytes = chart.render()
    return drawn


if __name__ == "__main__":
    sys.stdout.buffer.write(plot())
