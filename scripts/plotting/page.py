# SPDX-License-Identifier: GPL-3.0-or-later
"""A page: title, legend, rows of panels, footnote. Every text is measured and wrapped, and the page grows with what it
holds, so that no name is cut. Lengths are in inches from the top left corner, sizes of letters in points."""
import io
import os
from dataclasses import dataclass, field

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.font_manager import FontProperties  # noqa: E402
from matplotlib.ticker import Formatter, MaxNLocator, MultipleLocator  # noqa: E402

from .words import decimals_of, number  # noqa: E402

SETTINGS = {"font.size": 9, "font.family": "DejaVu Sans", "axes.linewidth": 0.8, "text.parse_math": False,
            "svg.fonttype": "path", "svg.hashsalt": "osteon"}
# Okabe-Ito colours, which colour-blind readers tell apart; dashes repeat the distinction in grey print. Seven colours
# and seven dashes, which move on by one after each seven curves, give 49 curves of different looks.
COLOURS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
GREYS = ["#555555", "#999999"]
DASHES = [(None, None), (6, 1.8), (2, 1.5), (7, 1.8, 1.5, 1.8), (1, 1), (10, 3), (3, 1, 1, 1, 1, 1)]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*"]
FILLS = {"calibrate": "full", "validate": "none", "context": "bottom"}
EDGE, GAP = 0.12, 0.2
HANDLES = {"line": 0.42, "bar": 0.3, "may_be": 0.3, "dose": 0.08, "marker": 0.08}  # lengths in the legend
LANE = 0.08  # from lane to lane
LANE_LOOKS = {"may_be": {"lw": 5, "alpha": 0.35, "solid_capstyle": "butt"}, "bar": {"lw": 2.2, "solid_capstyle": "butt"},
              "cut": {"color": "white", "lw": 1.2, "solid_capstyle": "butt"},
              "dose": {"marker": "v", "ms": 5, "mew": 0.5, "mec": "white", "lw": 0}}


@dataclass
class Style:
    colour: str
    dashes: tuple


def style(i):
    return Style(COLOURS[i % 7], DASHES[(i + i // 7) % 7])


def untreated_style(i):
    return Style(GREYS[i % 2], DASHES[-1 - i // 2 % 7])


@dataclass
class Curve:
    """bands [3][n]: percentiles, or three times the mean; faint: there for comparison only; key: id of its line in an SVG file."""
    style: Style
    bands: np.ndarray
    has_band: bool = False
    is_faint: bool = False
    is_mean: bool = False
    key: str = ""


@dataclass
class Panel:
    """lanes: (colour, Lane in units of the x axis) above it; points: (Point, colour); factor: one unit of the y axis, as
    0.001; grey_range: from the lowest to the highest median."""
    title: str
    curves: list
    colour: str = "black"
    note: str = ""
    points: list = field(default_factory=list)
    lanes: list = field(default_factory=list)
    grey_range: bool = False
    factor: float = 1.0


@dataclass
class Page:
    """changes: what differs from the experiment, below the title; rows: (heading, colour, [Panel]); x_step: between ticks; share: all panels have one y axis; legend: (text, kind,
    look) with kind line, marker, bar, may_be or dose; markers: of each trial."""
    title: str
    changes: str
    x: np.ndarray
    x_label: str
    rows: list
    legend: list
    foot: list
    y_label: str = ""
    share: bool = False
    from_zero: bool = False
    x_step: float = 1.0
    markers: dict = field(default_factory=dict)


class Ticks(Formatter):
    """Numbers with thousands separators and minus signs, as many decimals as the ticks need; x / unit."""

    def __init__(self, unit=1.0):
        self.unit = unit

    def __call__(self, x, pos=None):
        steps = np.diff(np.sort(self.locs)) / self.unit if len(self.locs) > 1 else [1]
        return number(x / self.unit, decimals_of(float(np.min(steps))))


class Writer:
    """Measures and wraps text."""

    def __init__(self, figure):
        self.figure, self.widths = figure, {}

    def width(self, text, size, weight="normal"):
        key = text, size, weight
        if key not in self.widths:
            font = FontProperties(family=SETTINGS["font.family"], size=size, weight=weight)
            renderer = self.figure.canvas.get_renderer()
            self.widths[key] = renderer.get_text_width_height_descent(text, font, False)[0] / self.figure.dpi
        return self.widths[key]

    def longest(self, text, room, size, weight):
        """Number of first characters of a text that fit."""
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(text[:middle], size, weight) <= room else (low, middle - 1)
        return low

    def wrap(self, text, room, size, weight="normal"):
        """Lines that fit; a word that does not is broken. A unit stays with the word before it."""
        lines, left = [], " ".join(text.split()).replace(" [", "\u00a0[")
        while left:
            n = self.longest(left, room, size, weight)
            if n < len(left):
                blank = left.rfind(" ", 0, n + 1)
                n = blank if blank > 0 else n
            lines.append(left[:n].strip().replace("\u00a0", " "))
            left = left[n:].strip()
        return lines


def height(lines, size):
    return len(lines) * size * 1.32 / 72


def draw_curves(axis, page, panel):
    for curve in panel.curves:
        low, median, high = curve.bands
        colour, dashes = curve.style.colour, curve.style.dashes
        if curve.has_band:
            axis.fill_between(page.x, low, high, color=colour, alpha=0.15, lw=0, zorder=2)
            for edge in (low, high):
                axis.plot(page.x, edge, color=colour, lw=0.5, alpha=0.6, dashes=dashes, zorder=2)
        axis.plot(page.x, median, color=colour, dashes=dashes, gid=curve.key, zorder=3 - curve.is_faint,
                  lw=0.9 if curve.is_faint else 1.9, alpha=0.55 if curve.is_faint else 1)
    if panel.grey_range and len(panel.curves) > 1:
        medians = np.array([c.bands[1] for c in panel.curves])
        axis.fill_between(page.x, medians.min(0), medians.max(0), color="0.5", alpha=0.22, lw=0, zorder=1)


def draw_points(axis, points, markers):
    """points: (Point, colour); markers: of each trial."""
    for point, colour in points:
        if point.start is not None:
            axis.plot([point.start[0], point.x], [point.start[1], point.y], color=colour, lw=0.7, ls=":", zorder=4)
        if np.isfinite(point.lower) and np.isfinite(point.upper):
            axis.plot([point.x, point.x], [point.lower, point.upper], color=colour, lw=1.2, zorder=4, clip_on=False)
        axis.plot(point.x, point.y, markers[point.trial], ms=6, mew=1.1, zorder=6, clip_on=False,
                  mec="black" if point.role == "calibrate" else colour, mfc=colour, mfcalt="white",
                  fillstyle=FILLS.get(point.role, "none"))


def draw_panel(axis, page, panel):
    draw_curves(axis, page, panel)
    draw_points(axis, panel.points, page.markers)
    axis.axhline(0, color="0.75", lw=0.8, zorder=1)
    if page.x[0] < 0 < page.x[-1]:
        axis.axvline(0, color="0.6", lw=0.8, zorder=1)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color="0.92", lw=0.7, zorder=0)
    axis.set_axisbelow(True)
    axis.tick_params(labelsize=8.5)
    axis.set_xlim(page.x[0], page.x[-1])
    axis.xaxis.set_major_locator(MultipleLocator(page.x_step))
    axis.xaxis.set_major_formatter(Ticks())


def draw_lane(axis, colour, lane, at):
    """A lane above a panel; at: its middle as a fraction of the panel's height."""
    def put(what, xs, ys):
        look = {"color": colour, **LANE_LOOKS[what]}
        axis.plot(xs, ys, transform=axis.get_xaxis_transform(), clip_on=False, **look)

    for what, bars in ("may_be", lane.may_be), ("bar", lane.bars):
        for bar in bars:
            put(what, bar, [at, at])
    for (_, x), (start, _) in zip(lane.bars, lane.bars[1:]):
        if x == start:
            put("cut", [x, x], [at - 0.015, at + 0.015])
    put("dose", lane.doses, [at] * len(lane.doses))


def limits(page, panels):
    """Of the y axis: what is drawn, and a little more."""
    values = [c.bands if c.has_band else c.bands[1] for p in panels for c in p.curves]
    values += [np.array([q.y, q.lower, q.upper, *(q.start or ())[1:]]) for p in panels for q, _ in p.points]
    values = np.concatenate([np.ravel(v) for v in values] or [[0.0, 1.0]])
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    if page.from_zero and low >= 0:
        low = 0.0
    pad = 0.04 * (high - low) or 0.05 * abs(high) or 1.0
    return (low if page.from_zero and low == 0 else low - pad), high + pad


def alike(page, panel, c):
    """Panels with the y axis of one: its column where each row is an arm, that is, has a heading; else itself."""
    return [row[c] for _, _, row in page.rows] if page.rows[0][0] else [panel]


class Drawing:
    """The page on a figure. The cursor is the distance from the top; `later` places things once the height is known."""

    def __init__(self, page):
        self.page = page
        self.figure = plt.figure(dpi=100)
        self.writer = Writer(self.figure)
        self.n_columns = max(len(row[2]) for row in page.rows)
        self.n_rows = len(page.rows)
        self.cursor, self.later = EDGE, []

    def write(self, x, lines, size, **look):
        """Lines of text at the cursor, which moves below them."""
        self.at(x, self.cursor, lines, size, **look)
        self.cursor += height(lines, size)

    def at(self, x, y, lines, size, **look):
        look = {"size": size, "va": "top", **look}
        for i, line in enumerate(lines):
            self.later.append((self.figure.text, x, y + height([1] * i, size), (line,), look))

    def make_axes(self):
        """Axes with their contents, not yet in place; the room that their tick labels take."""
        page, panels = self.page, [p for row in self.page.rows for p in row[2]]
        self.axes = {}
        self.panel_height = 2.5 if self.n_rows == 1 else 1.9 if self.n_rows < 4 else 1.5
        self.panel_width = 4.6 if self.n_columns == 1 else 2.75
        shared = limits(page, panels)
        for r, (_, _, row) in enumerate(page.rows):
            for c, panel in enumerate(row):
                axis = self.figure.add_axes([0, 0, 0.3, 0.3], label=f"{r} {c}")
                draw_panel(axis, page, panel)
                for i, (colour, lane) in enumerate(reversed(panel.lanes)):
                    draw_lane(axis, colour, lane, 1 + LANE * (i + 1) / self.panel_height)
                axis.set_ylim(shared if page.share else limits(page, alike(page, panel, c)))
                axis.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
                axis.yaxis.set_major_formatter(Ticks(panel.factor))
                self.axes[r, c] = axis
        renderer = self.figure.canvas.get_renderer()
        boxes = [axis.yaxis.get_tightbbox(renderer) for axis in self.axes.values()]
        self.tick_room = max(box.width for box in boxes if box is not None) / self.figure.dpi + 0.03

    def set_widths(self):
        label = self.writer.wrap(self.page.y_label, self.panel_height, 9)
        self.y_label = label
        self.left = EDGE + height(label, 9) + 0.05 * bool(label) + self.tick_room
        ends = sum(self.writer.width(number(x, decimals_of(self.page.x_step)), 8.5) for x in self.page.x[[0, -1]]) / 2
        self.step = self.panel_width + GAP + (0.05 + max(ends, self.tick_room) if not self.page.share else ends / 2)
        self.width = max(6.4, self.left + self.step * (self.n_columns - 1) + self.panel_width + 0.3)
        if self.n_columns == 1:
            self.panel_width = self.width - self.left - 0.3

    def draw_handle(self, x, y, kind, look):
        length = HANDLES[kind]
        xs, ys, looks = {"line": ([0, length], [0, 0], {"lw": 1.9}),
                         "bar": ([0, length], [0, 0], {"color": look, **LANE_LOOKS["bar"]}),
                         "may_be": ([0, length], [0, 0], {"color": look, **LANE_LOOKS["may_be"]}),
                         "dose": ([length / 2], [0], {"color": look, **LANE_LOOKS["dose"]}),
                         "marker": ([length / 2], [0], {"color": "0.3", "marker": look, "ms": 6, "lw": 0})}[kind]
        if kind == "line":
            looks.update(color=look.colour, dashes=look.dashes)
        self.later.append((self.line, x, y, (xs, ys), looks))

    def line(self, x, y, xs, ys, **look):
        wide, high = self.figure.get_size_inches()
        self.figure.add_artist(plt.Line2D([(x + v) / wide for v in xs], [y + v / high for v in ys], **look))

    def draw_legend(self):
        """Entries side by side while they fit."""
        x, rows = EDGE, 1
        for text, kind, look in self.page.legend:
            handle = HANDLES[kind] + 0.08
            lines = self.writer.wrap(text, self.width - 2 * EDGE - handle, 9) or [""]
            room = handle + max(self.writer.width(line, 9) for line in lines)
            if x > EDGE and (x + room > self.width - EDGE or len(lines) > 1):
                x, self.cursor = EDGE, self.cursor + height([1] * rows, 9) + 0.02
                rows = 1
            rows = max(rows, len(lines))
            self.draw_handle(x, self.cursor + height([1], 9) / 2, kind, look)
            self.at(x + handle, self.cursor, lines, 9)
            x += room + 0.22
        if self.page.legend:
            self.cursor += height([1] * rows, 9) + 0.1

    def draw_row(self, r):
        heading, colour, panels = self.page.rows[r]
        if heading:
            lines = self.writer.wrap(heading, self.width - self.left - EDGE, 9.5, "bold")
            self.write(self.left, lines, 9.5, color=colour, weight="bold")
        titles = [self.writer.wrap(p.title, self.panel_width, 9.5) for p in panels]
        notes = [self.writer.wrap(p.note, self.panel_width, 7.8) for p in panels]
        n_lanes = max(len(p.lanes) for p in panels)
        lanes = LANE * (n_lanes + bool(n_lanes) / 2)
        top = max(height(t, 9.5) + height(n, 7.8) for t, n in zip(titles, notes)) + 0.06 + lanes
        for c, panel in enumerate(panels):
            x = self.left + c * self.step
            y = self.cursor + top - 0.06 - lanes - height(titles[c], 9.5) - height(notes[c], 7.8)
            self.at(x, y, titles[c], 9.5, color=panel.colour)
            self.at(x, y + height(titles[c], 9.5), notes[c], 7.8, color="0.3")
            self.later.append((self.place, x, self.cursor + top, (self.axes[r, c],), {}))
            is_last = r == self.n_rows - 1 or c >= len(self.page.rows[r + 1][2])
            self.axes[r, c].tick_params(labelbottom=is_last, labelleft=c == 0 or not self.page.share)
        if self.y_label:
            middle = self.cursor + top + self.panel_height / 2
            self.later.append((self.figure.text, EDGE, middle, ("\n".join(self.y_label),),
                               {"size": 9, "rotation": 90, "va": "center", "ha": "left", "multialignment": "center"}))
        is_last = r == self.n_rows - 1 or len(self.page.rows[r + 1][2]) < len(panels)
        self.cursor += top + self.panel_height + (0.26 if is_last else 0.14)

    def place(self, x, y, axis):
        wide, high = self.figure.get_size_inches()
        axis.set_position([x / wide, y - self.panel_height / high, self.panel_width / wide, self.panel_height / high])

    def draw(self):
        self.make_axes()
        self.set_widths()
        self.write(EDGE, self.writer.wrap(self.page.title, self.width - 2 * EDGE, 12, "bold"), 12, weight="bold")
        self.write(EDGE, self.writer.wrap(self.page.changes, self.width - 2 * EDGE, 9), 9, color="#B00000")
        self.cursor += 0.06
        self.draw_legend()
        for r in range(self.n_rows):
            self.draw_row(r)
        middle = self.left + (self.step * (self.n_columns - 1) + self.panel_width) / 2
        self.write(middle, self.writer.wrap(self.page.x_label, self.width - 2 * EDGE, 9), 9, ha="center")
        self.cursor += 0.1
        for paragraph in self.page.foot:
            self.write(EDGE, self.writer.wrap(paragraph, self.width - 2 * EDGE, 7.8), 7.8, color="0.3")
        self.figure.set_size_inches(self.width, self.cursor + EDGE)
        for function, x, y, values, look in self.later:
            self.put(function, x, y, values, look)
        return self.figure

    def put(self, function, x, y, values, look):
        y = 1 - y / (self.cursor + EDGE)
        function(x if function in (self.place, self.line) else x / self.width, y, *values, **look)


def draw(page):
    """The page as a figure of matplotlib."""
    with plt.rc_context(SETTINGS):
        return Drawing(page).draw()


def save(figure, path, dpi):
    """Write the file beside its place and rename it: a failure leaves nothing half written. A link stays: what it leads to
    is written; a device or a pipe, in place."""
    ending = os.path.splitext(path)[1]
    drawn = io.BytesIO()
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(ending)
    try:
        with plt.rc_context(SETTINGS):
            figure.savefig(drawn, format=ending[1:], dpi=dpi, metadata=metadata)
    finally:
        plt.close(figure)
    to = os.path.realpath(path)
    is_file = os.path.isfile(to) or not os.path.exists(to)
    beside = f"{to}.{os.getpid()}.part" if is_file else to
    try:
        with open(beside, "wb") as file:
            file.write(drawn.getbuffer())
        if is_file:
            os.replace(beside, to)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        if is_file and os.path.exists(beside):
            os.remove(beside)
