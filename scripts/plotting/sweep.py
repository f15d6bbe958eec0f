# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of sweeps: each endpoint over one varied entry, with the 5th to 95th percentile between subjects; over two as
a heat map; over three as a heat map for each value of one of them; points of a design that is no grid over each entry."""
import math
import os
import textwrap

import h5py
import numpy as np

from .page import COLOURS, SETTINGS, Ticks, Writer, plt
from .words import WRONG_FILE, Refused, decimals_of, in_words, number, plain

MAX_PANELS, MAX_CELLS, MAX_POINTS = 12, 60, 100_000
LOG_FROM = 10  # ratio of the largest to the smallest value from which on an axis is logarithmic


def is_sweep(path):
    """Whether the file is of a sweep; whatever else it is, is for others to say."""
    if not os.path.isfile(path):
        return False
    try:
        with h5py.File(path, "r") as file:
            return "sweep_axes" in file.attrs
    except OSError:
        return False


class Axis:
    """A varied entry: name, path, unit ("" for plain numbers and words), values, words (None of numbers)."""

    def __init__(self, data, name):
        self.name, self.path = plain(name), plain(data.attrs.get("long_name", ""))
        unit = plain(data.attrs.get("units", ""))
        self.unit = "" if unit == "1" else unit
        self.words = None if data.dtype.kind == "f" else [plain(text) for text in data[:]]
        self.values = data[:] if self.words is None else np.arange(data.size, dtype=float)

    def title(self):
        """In words; of a covariate without the group, which the file names it by."""
        return in_words(self.name.removeprefix("covariates_"))

    def label(self):
        return f"{self.title()}{f' [{self.unit}]' if self.unit else ''}"

    def is_log(self):
        values = self.values
        return self.words is None and values.min() > 0 and values.max() >= LOG_FROM * values.min()

    def texts(self):
        return self.words or [f"{value:.3g}" for value in self.values]


class Endpoint:
    """name, text and unit; value, low, high over the dimensions of the sweep; of draws at each point their medians, and
    unsure: the 95 % interval of the value over draws, or None."""

    def __init__(self, read, name, is_drawn):
        data = read(name)
        self.name, self.text = plain(name), plain(data.attrs.get("long_name", name))
        unit = plain(data.attrs.get("units", ""))
        self.unit = "" if unit == "1" else unit
        found = [read(name + ending)[()] for ending in ("", "_q05", "_q95")]
        self.unsure = np.nanquantile(found[0], [0.025, 0.975], axis=-1) if is_drawn else None
        self.value, self.low, self.high = (np.nanmedian(part, axis=-1) if is_drawn else part for part in found)


class Sweep:
    """A result file of a sweep: axes and endpoints."""

    def __init__(self, path, names):
        with h5py.File(path, "r") as file:
            def read(name):
                is_hard = isinstance(file.get(name, getlink=True), h5py.HardLink)
                data = file[name] if is_hard else None
                if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual or data.size > MAX_POINTS:
                    raise Refused(f"{path}: damaged, or not a result file of osteon: '{plain(name)}'", WRONG_FILE)
                return data

            def lines(name):
                return [line for line in plain_lines(file.attrs.get(name, b"")) if line]
            self.is_grid = plain(file.attrs.get("sweep_design", "")) == "grid"
            self.title = plain(file.attrs.get("title", ""))
            self.n_subjects = int(file.attrs.get("n_subjects", 0))
            self.n_eligible = int(file.attrs.get("n_eligible", self.n_subjects))
            names_of_axes, n_drawn = lines("sweep_axes"), int(file.attrs.get("sweep_drawn", 0))
            self.axes = [Axis(read(name), name) for name in names_of_axes[:len(names_of_axes) - n_drawn]]
            self.n_draws = read(names_of_axes[-1]).size if n_drawn > 0 else 0
            known = lines("sweep_endpoints")
            for name in names or []:
                if name not in known:
                    raise Refused(f"{path} has no endpoint '{plain(name)}'; it has {', '.join(known) or 'none'}")
            self.endpoints = [Endpoint(read, name, n_drawn > 0) for name in names or known]
        if not self.endpoints:
            raise Refused(f"{path}: a sweep of an experiment without 'endpoints'; a figure of a sweep shows endpoints")
        shape = tuple(len(axis.values) for axis in self.axes) if self.is_grid else (len(self.axes[0].values),)
        if any(getattr(end, part).shape != shape for end in self.endpoints for part in ("value", "low", "high")):
            raise Refused(f"{path}: damaged, or not a result file of osteon: shapes of endpoints", WRONG_FILE)
        if self.is_grid and len(self.axes) > 3:
            raise Refused(f"{path}: {len(self.axes)} entries are varied; a figure of a grid shows one to three")
        lengths = [len(axis.values) for axis in self.axes]
        self.across = lengths.index(min(lengths)) if self.is_grid and len(lengths) == 3 else None
        self.n_columns = 1 if self.is_grid and self.across is None else len(lengths) if not self.is_grid else min(lengths)
        most = max(1, MAX_PANELS // self.n_columns)
        self.left_out = [] if names else [end.name for end in self.endpoints[most:]]
        self.endpoints = self.endpoints if names else self.endpoints[:most]
        if len(self.endpoints) * self.n_columns > MAX_PANELS:
            raise Refused(f"{path}: more than {MAX_PANELS} panels; choose endpoints with --variables")


def ticks_of(values):
    """Places of labels on a logarithmic axis: its ends, and 1, 2, 5 (of four decades or more, 1) between that are not near
    them."""
    low, high = values.min(), values.max()
    room = (high / low) ** (1 / 8)
    digits = (1,) if high >= 1e4 * low else (1, 2, 5) if high < 100 * low else (1, 3)
    tens = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    between = [digit * 10.0 ** ten for ten in tens for digit in digits]
    return [low, *(value for value in between if low * room < value < high / room), high]


def plain_lines(value):
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return [plain(line) for line in text.split("\n")]


def set_log(panel, axis):
    panel.set_xscale("log")
    places = ticks_of(axis.values)
    panel.set_xticks(places, [f"{value:.3g}" for value in places])
    panel.minorticks_off()


def set_axis(panel, axis):
    """The horizontal axis: the values themselves where they are few."""
    if axis.is_log():
        set_log(panel, axis)
    if axis.words is not None or len(axis.values) <= 9:
        panel.set_xticks(axis.values, axis.texts(), rotation=30 if axis.words else 0, ha="right" if axis.words else "center")
        panel.minorticks_off()
    panel.set_xlabel(axis.label())


def dress(panel, title, y_label=""):
    panel.set_title("\n".join(textwrap.wrap(title, 46)), fontsize=9, loc="left")
    panel.set_ylabel(y_label)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="y", color="0.92", lw=0.7)
    panel.set_axisbelow(True)
    panel.yaxis.set_major_formatter(Ticks())


def draw_line(panel, axis, end):
    order = np.argsort(axis.values, kind="stable")
    x, y = axis.values[order], end.value[order]
    bands = [("5th to 95th percentile between subjects", end.low, end.high, 0.15)]
    if end.unsure is not None:
        bands.append(("95 % interval over draws", *end.unsure, 0.5))
    for label, low, high, alpha in bands:
        if axis.words is None:
            panel.fill_between(x, low[order], high[order], color=COLOURS[1], alpha=alpha, lw=0, label=label)
        else:
            panel.vlines(x, low[order], high[order], color=COLOURS[1], alpha=0.25 + alpha, lw=4, label=label)
    panel.plot(x, y, color=COLOURS[1], lw=1.9 if axis.words is None else 0, marker="o", ms=4.5, label=end.text.split(" ")[0])
    panel.axhline(0, color="0.75", lw=0.8, zorder=1)
    set_axis(panel, axis)
    dress(panel, end.text, end.unit)


def last_digit(values):
    """The unit of the third digit of the largest value; below 1000 at most 0.01."""
    largest = max(np.abs(values).max(initial=0), 1e-9)
    third = 10.0 ** np.floor(np.log10(largest) - 2)
    return min(third, 0.01) if largest < 1000 else third


def colour_limits(values):
    """From the least to the largest value; values that are equal in the digits shown have the colour of the middle."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0, 1
    low, high, least = finite.min(), finite.max(), last_digit(finite)
    return (low, high) if high - low >= least else (low - 10 * least, high + 10 * least)


def draw_map(panel, axes, values, limits):
    """The first entry upwards, the second to the right; numbers in the cells where these are few. @return the image"""
    image = panel.imshow(values, origin="lower", aspect="auto", cmap="viridis", vmin=limits[0], vmax=limits[1])
    for axis, set_ticks, set_label in ((axes[1], panel.set_xticks, panel.set_xlabel),
                                       (axes[0], panel.set_yticks, panel.set_ylabel)):
        every = max(1, len(axis.values) // 8)
        set_ticks(range(0, len(axis.values), every), axis.texts()[::every])
        set_label(axis.label())
    decimals = decimals_of(last_digit(values[np.isfinite(values)]))
    for (i, k), value in np.ndenumerate(values):
        if np.isfinite(value) and values.size <= MAX_CELLS:
            panel.text(k, i, number(value, decimals), ha="center", va="center", fontsize=7.5,
                       color="white" if value < sum(limits) / 2 else "black")
    return image


def draw_maps(figure, panels, sweep, end):
    """One map; of three entries one for each value of that with the fewest, in one scale of colours."""
    limits = colour_limits(end.value)
    axes = [axis for k, axis in enumerate(sweep.axes) if k != sweep.across]
    for i, panel in enumerate(panels):
        values = end.value if sweep.across is None else np.take(end.value, i, sweep.across)
        image = draw_map(panel, axes, values, limits)
        title = textwrap.wrap(end.text, 46)
        if sweep.across is not None:
            axis = sweep.axes[sweep.across]
            title = [*(title if i == 0 else []), f"{axis.title()} {axis.texts()[i]} {axis.unit}".strip()]
        panel.set_title("\n".join(title), fontsize=9, loc="left")
    figure.colorbar(image, ax=list(panels), label=end.unit, format=Ticks())


def draw_points(panel, axis, end):
    panel.plot(axis.values, end.value, color=COLOURS[1], lw=0, marker="o", ms=3, alpha=0.7)
    if axis.is_log():
        set_log(panel, axis)
    elif axis.words is not None:
        words = sorted(set(axis.words))
        panel.lines[0].set_xdata([words.index(word) for word in axis.words])
        panel.set_xticks(range(len(words)), words)
        panel.relim()
        panel.autoscale()
    panel.set_xlabel(axis.label())
    dress(panel, end.text, end.unit)


def figure_of_sweep(path, names):
    """A panel for each endpoint; of a design that is no grid, for each endpoint and entry."""
    sweep = Sweep(path, names)
    n_ends, n_axes = len(sweep.endpoints), len(sweep.axes)
    is_row = sweep.n_columns > 1 or not sweep.is_grid  # each endpoint has a row of its own
    columns = sweep.n_columns if is_row else min(n_ends, 3)
    rows = n_ends if is_row else -(-n_ends // columns)
    with plt.rc_context(SETTINGS):
        figure = plt.figure(figsize=(max(5.2, 4.4 * columns), 3.5 * rows + 0.9), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for panel in panels[len(panels) if is_row else n_ends:]:
            panel.set_visible(False)
        for i, end in enumerate(sweep.endpoints):
            if sweep.is_grid and n_axes == 1:
                draw_line(panels[i], sweep.axes[0], end)
            elif sweep.is_grid:
                draw_maps(figure, panels[i * sweep.n_columns:(i + 1) * sweep.n_columns], sweep, end)
            else:
                for k, axis in enumerate(sweep.axes):
                    draw_points(panels[i * columns + k], axis, end)
        writer, room = Writer(figure), 0.96 * figure.get_figwidth()
        figure.suptitle("\n".join(writer.wrap(sweep.title, room, 12, "bold")), fontsize=12, weight="bold", x=0.02, ha="left")
        eligible = f", at least {sweep.n_eligible:,} of them eligible" if sweep.n_eligible < sweep.n_subjects else ""
        foot = f"The same {sweep.n_subjects:,} subjects at each point{eligible}. Varied: {', '.join(a.path for a in sweep.axes)}."
        if sweep.n_draws:
            foot = f"{sweep.n_draws} draws of the parameters at each point; values are medians over draws. {foot}"
        if sweep.is_grid and n_axes == 1 and sweep.n_draws:
            foot = f"Dark: 95 % interval over draws. Light: 5th to 95th percentile between subjects. {foot}"
        elif sweep.is_grid and n_axes == 1:
            foot = f"Band: 5th to 95th percentile between subjects. {foot}"
        if sweep.left_out:
            foot += f" Not drawn (--variables): {', '.join(sweep.left_out)}."
        figure.supxlabel("\n".join(writer.wrap(foot, room, 7.8)), fontsize=7.8, color="0.3", x=0.02, ha="left")
    return figure
