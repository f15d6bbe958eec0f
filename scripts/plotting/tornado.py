# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of `osteon sensitivity`: for each endpoint a bar for each input, the largest at the top, with its 95 % interval."""
import os
import textwrap

import h5py
import numpy as np

from .page import COLOURS, SETTINGS, Ticks, plt
from .words import WRONG_FILE, Refused, plain

METHOD = "analysis_method"
MAX_BARS, MAX_PANELS, MAX_VALUES = 10, 6, 100_000_000
RAISES, LOWERS, NEITHER = COLOURS[1], COLOURS[2], "0.55"
# First index of each method, by which bars are sorted; what it is; and the second bar, if there is one.
METHODS = {
    "local": ("per_sd", "change where the input rises by one SD, by its slope", None),
    "morris": ("mu_star", "mean size of the change over the range of the input; to the left, it lowers it", None),
    "sobol": ("total", "part of the variance", "first"),
}


class Sizes(Ticks):
    """Bars to the left have a size as well."""

    def __call__(self, x, pos=None):
        return super().__call__(abs(x), pos)


def is_analysis(path):
    """Whether the file is of a sensitivity analysis; whatever else it is, is for others to say."""
    if not os.path.isfile(path):
        return False
    try:
        with h5py.File(path, "r") as file:
            return METHOD in file.attrs
    except OSError:
        return False


class Analysis:
    """A result file of `osteon sensitivity`."""

    def __init__(self, path, names):
        with h5py.File(path, "r") as file:
            def read(name):
                data = file[name] if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
                if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual or data.size > MAX_VALUES:
                    raise Refused(f"{path}: damaged, or not a result file of osteon: '{plain(name)}'", WRONG_FILE)
                return data[()] if data.dtype.kind == "f" else [plain(text) for text in data[()]]
            self.method = plain(file.attrs[METHOD])
            if self.method not in METHODS:
                raise Refused(f"{path}: damaged, or not a result file of osteon: method '{self.method}'", WRONG_FILE)
            self.title = plain(file.attrs.get("title", ""))
            self.source = plain(file.attrs.get("analysis_parameters", ""))
            self.n_subjects = int(file.attrs.get("n_done", 0))
            self.n_points = len(read("point"))
            self.endpoints, self.inputs = read("endpoint"), read("input")
            self.units, self.texts = read("endpoint_unit"), read("endpoint_meaning")
            factors = zip(read("factor_input"), read("factor"), read("factor_meaning"))
            self.meanings = {one: "" for one in self.inputs}
            for one, factor, meaning in factors:
                more = meaning if one == factor else factor
                self.meanings[one] += (", " if self.meanings.get(one) else "") + more
            first, _, second = METHODS[self.method]
            wanted = [first, first + "_lower", first + "_upper", second or first, "mu" if self.method == "morris" else first]
            self.value, self.lower, self.upper, self.second, self.sign = (read(name) for name in wanted)
            self.ends = [read(second + end) for end in ("_lower", "_upper")] if second else None  # of the second bar
            self.of_sweep = plain(file.attrs.get("analysis_points_of", ""))
            self.has_total = np.isfinite(self.value).any()
            if second and not self.has_total:  # points of a sweep that tell the first order alone
                self.value, self.lower, self.upper = (read(second + end) for end in ("", "_lower", "_upper"))
        shape = (len(self.endpoints), len(self.inputs))
        if any(part.shape != shape for part in (self.value, self.lower, self.upper, self.second, self.sign)) or \
                not len(self.units) == len(self.texts) == shape[0]:
            raise Refused(f"{path}: damaged, or not a result file of osteon: shapes of indices", WRONG_FILE)
        for name in names or []:
            if name not in self.endpoints:
                raise Refused(f"{path} has no endpoint '{plain(name)}'; it has {', '.join(self.endpoints)}")
        self.shown = [self.endpoints.index(name) for name in names or self.endpoints]
        if len(self.shown) > MAX_PANELS:
            raise Refused(f"{path}: more than {MAX_PANELS} panels; choose endpoints with --variables")

    def bars(self, i):
        """Inputs from the most important on, without those that hardly matter."""
        size = np.abs(np.nan_to_num(self.value[i], nan=-1.0))
        order = [k for k in np.argsort(-size, kind="stable") if np.isfinite(self.value[i, k])]
        return [k for k in order[:MAX_BARS] if size[k] > 1e-3 * size[order[0]] or k == order[0]]

    def label(self, k):
        meaning = self.meanings[self.inputs[k]]
        lines = textwrap.wrap(meaning, 46)
        if len(lines) > 2:
            lines = [lines[0], lines[1][:44].rstrip() + "\N{HORIZONTAL ELLIPSIS}"]
        return "\n".join([self.inputs[k], *lines]) if meaning else self.inputs[k]


def draw_panel(panel, data, i):
    handles = None
    bars = data.bars(i)
    places = np.arange(len(bars))[::-1]
    value, low, high, sign = (part[i, bars] for part in (data.value, data.lower, data.upper, data.sign))
    if data.method == "sobol":
        lows, highs = (end[i, bars] for end in data.ends)
        height = 0.33 if data.has_total else 0.66  # side by side: noise of sampling makes a first order exceed its total
        if data.has_total:
            panel.barh(places - height / 2, value, height=height, color=COLOURS[1], alpha=0.35, label="total, with interactions")
            panel.hlines(places - height / 2, low, high, color="0.15", lw=1.2)
        aside = places + (height / 2 if data.has_total else 0)
        panel.barh(aside, data.second[i, bars], height=height, color=COLOURS[1], label="first order, alone")
        panel.hlines(aside, lows, highs, color="0.15", lw=1.2)
        panel.set_xlim(min(0, np.nanmin([low, lows], initial=0)), None)
    else:
        turn = np.where(sign < 0, -1, 1)
        length = np.abs(value) * turn
        ends = (low * turn, high * turn) if data.method == "morris" else (low, high)
        colours = [NEITHER if np.isnan(s) else LOWERS if s < 0 else RAISES for s in sign]
        panel.barh(places, length, height=0.66, color=colours)
        panel.hlines(places, *ends, color="0.15", lw=1.2)
        panel.axvline(0, color="0.4", lw=0.8)
        names = {RAISES: "raises it", LOWERS: "lowers it", NEITHER: "several inputs"}
        handles = [plt.Rectangle((0, 0), 1, 1, color=colour, label=names[colour]) for colour in names if colour in colours]
    panel.set_yticks(places, [data.label(k) for k in bars], fontsize=7.6, linespacing=1.05)
    panel.set_ylim(-1.3, len(bars) - 0.4)  # with room for the legend below the last bar
    panel.tick_params(axis="y", length=0)
    some = f"; the first {len(bars)} of {len(data.inputs)} inputs" if len(bars) < len(data.inputs) else ""
    panel.set_title("\n".join(textwrap.wrap(data.texts[i] + some, 68)), fontsize=9.5, loc="left")
    unit = "" if data.method == "sobol" or data.units[i] == "1" else f" ({data.units[i]})"
    panel.set_xlabel("\n".join(textwrap.wrap(METHODS[data.method][1] + unit, 56)))  # as wide as the axis
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.grid(axis="x", color="0.92", lw=0.7)
    panel.set_axisbelow(True)
    panel.xaxis.set_major_formatter(Sizes() if data.method == "morris" else Ticks())
    panel.legend(handles=handles, loc="lower right", ncols=3, fontsize=8, frameon=False, borderaxespad=0.2)


def figure_of_analysis(path, names):
    """A panel for each endpoint."""
    data = Analysis(path, names)
    n = len(data.shown)
    columns = 1 if n == 1 else 2
    rows = -(-n // columns)
    height = max(len(data.bars(i)) for i in data.shown) * 0.42 + 1.7
    with plt.rc_context(SETTINGS):
        figure = plt.figure(figsize=(7.4 * columns, rows * height + 0.8), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for panel in panels[n:]:
            panel.set_visible(False)
        for panel, i in zip(panels, data.shown):
            draw_panel(panel, data, i)
        figure.suptitle("\n".join(textwrap.wrap(data.title, 62 * columns)), fontsize=12, weight="bold", x=0.02, ha="left")
        over = {"none": "given ranges", "variability": "differences between subjects", "range": "the models' ranges"}
        many = data.n_points, data.n_subjects
        foot = f"Line: 95 % interval. {data.method.capitalize()}: {many[0]:,} points, the same {many[1]:,} subjects at " \
            f"each. Inputs over {over.get(data.source, 'their ' + data.source)}."
        if data.of_sweep:
            foot = f"{data.method.capitalize()}: {data.n_points:,} points of a {data.of_sweep.replace('_', ' ')}. " \
                + ("Each value of the grid is as likely as the others." if data.has_total else "Line: 95 % interval.")
        if data.method == "sobol" and data.has_total and (data.second > data.value)[data.shown].any():
            foot += " A first order above its total is noise of sampling: more points (--base) lessen it."
        if data.method == "local":
            foot = foot.replace("Line: 95 % interval. ", "")
        figure.supxlabel("\n".join(textwrap.wrap(foot, 100 * columns)), fontsize=7.8, color="0.3", x=0.02, ha="left")
    return figure
