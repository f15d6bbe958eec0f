#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw a result file: median and 5-95 % of the simulated subjects by arm and site, beside the trial evidence that the
experiment names; or, where its `plot:` or the options say so, several outputs, a panel for each or for each arm; of a
file of `osteon compare`, a line for each model. Needs
numpy, h5py, matplotlib and PyYAML (Debian: python3-numpy python3-h5py python3-matplotlib
python3-yaml)."""
import argparse
import csv
import os
import re
import sys
import textwrap

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import yaml  # noqa: E402

MONTH = 30.4375
TIME_UNITS = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7, "mo": MONTH, "month": MONTH,
              "months": MONTH, "y": 365.25, "year": 365.25, "years": 365.25, "h": 1 / 24}
# Okabe-Ito colours, darkest first where arms are few, so that grey prints differ too; dashes and markers repeat the
# distinction for every reader.
COLOURS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
UNTREATED = "#555555"
DASHES = [(None, None), (6, 1.8), (2, 1.5), (7, 1.8, 1.5, 1.8), (1, 1), (10, 3), (3, 1, 1, 1, 1, 1)]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
NAMES = {"bmd": "BMD", "ctx": "CTX", "p1np": "P1NP"}
SITES = {"lumbar_spine": "LS", "total_hip": "TH", "femoral_neck": "FN"}
MARKER_SITES = {"ctx": "sCTX", "p1np": "P1NP", "balp": "BALP", "ntx": "uNTX"}


def text_of(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def apply_override(tree, line):
    """Set "arms.a.regimen.0.stop=3 year" in the parsed experiment."""
    path, _, value = line.partition("=")
    *walk, last = path.split(".")
    for key in walk:
        tree = tree[int(key)] if isinstance(tree, list) else tree.setdefault(key, {})
    tree[int(last) if isinstance(tree, list) else last] = yaml.safe_load(value)


def read_experiment(file):
    tree = yaml.safe_load(text_of(file.attrs.get("experiment", ""))) or {}
    for line in text_of(file.attrs.get("overrides", "")).splitlines():
        try:
            apply_override(tree, line)
        except (KeyError, IndexError, TypeError, ValueError):
            pass  # what the figure needs is rarely overridden
    return tree


def months_of(quantity):
    """ "5 year" in months; None if it is no time."""
    match = re.fullmatch(r"\s*(-?[\d.eE+]+)\s*([a-z]+)\s*", str(quantity))
    if not match or match[2] not in TIME_UNITS:
        return None
    return float(match[1]) * TIME_UNITS[match[2]] / MONTH


def stops_of(experiment, arm):
    """Months at which a treatment of this arm stops."""
    regimens = (experiment.get("arms", {}).get(arm) or {}).get("regimen") or []
    regimens = regimens if isinstance(regimens, list) else [regimens]
    return {months_of(r["stop"]) for r in regimens if isinstance(r, dict) and "stop" in r} - {None}


def find_evidence(file, experiment, given):
    """Path of the evidence table: as given, or as the experiment names it, seen from its folder or from configs/."""
    name = (experiment.get("evidence") or {}).get("table")
    if given or not name:
        return given
    here = os.path.dirname(os.path.abspath(__file__))
    folders = [os.path.dirname(text_of(file.attrs.get("experiment_path", ""))), os.path.join(here, "..", "configs"),
               os.path.dirname(os.path.abspath(file.filename))]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    print(f"plot.py: evidence table {name} not found; drawing without it (--evidence FILE gives its place)",
          file=sys.stderr)
    return None


def number(text):
    try:
        return float(text)
    except ValueError:
        return float("nan")


def base_month(endpoint, plain):
    """Month a change is measured from: 0 for BMD_change, 60 for BMD_change_from_year5; None for other endpoints."""
    if endpoint == plain:
        return 0.0
    match = re.fullmatch(plain + r"_(?:from_year(\d+)|year(\d+)_to_\d+)", endpoint)
    return 12.0 * float(match[1] or match[2]) if match else None


def read_evidence(path, experiment, variable, element):
    """[(arm, month, base month, value, lower, upper, role, trial)] for one variable and site."""
    compare = (experiment.get("evidence") or {}).get("compare") or []
    plain, site = ("BMD_change", SITES.get(element)) if variable == "bmd" else \
        ("marker_change", MARKER_SITES.get(variable))
    points = []
    with open(path, newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            base = base_month(row["endpoint"], plain)
            if base is None or row["site"] != site or row["unit"] != "percent":
                continue
            value, low, high, n = (number(row[k]) for k in ("value", "lower", "upper", "n"))
            if row["interval"] in ("sd", "se"):
                half = 1.96 * high / (n ** 0.5 if row["interval"] == "sd" else 1)
                low, high = value - half, value + half
            for c in compare:
                if c.get("trial") == row["trial"] and c.get("trial_arm") == row["arm"]:
                    points.append((c["arm"], number(row["time_months"]), base, value, low, high, row["role"],
                                   row["trial"]))
    return points


def quantiles(data, arm, element, i_zero, show="change"):
    """[3][n_times] 5th, 50th, 95th percentile of the percent change (or ratio) to i_zero, or of the values if a baseline
    is zero or `show` says so; and whether there was a baseline."""
    y = data[arm, element].astype(float) if data.ndim == 4 else data[arm].astype(float)
    y = y[np.isfinite(y).all(axis=1)]
    if len(y) == 0:
        return np.full((3, data.shape[-1]), np.nan), True
    base = y[:, [i_zero]]
    is_change = show != "value" and bool((np.abs(base) > 1e-12).all())
    if is_change:
        y = y / base if show == "ratio" else 100 * (y / base - 1)
    return np.percentile(y, [5, 50, 95], axis=0), is_change


def spread(wanted, heights):
    """Positions near the wanted ones, in the same order, so that labels of these heights do not overlap: the least
    squares solution, by pooling neighbours (isotonic regression of what is left after the heights)."""
    order = np.argsort(wanted, kind="stable")
    half = np.asarray(heights)[order] / 2
    offset = np.concatenate([[0], np.cumsum(half[:-1] + half[1:])])
    groups = []
    for z in np.asarray(wanted)[order] - offset:
        groups.append((z, 1))
        while len(groups) > 1 and groups[-1][0] < groups[-2][0]:
            (z1, n1), (z0, n0) = groups.pop(), groups.pop()
            groups.append(((z0 * n0 + z1 * n1) / (n0 + n1), n0 + n1))
    out = np.empty(len(wanted))
    out[order] = np.repeat([z for z, _ in groups], [n for _, n in groups]) + offset
    return out


def end_labels(axis, ends, labels, styles, size):
    """Arm names right of the panel, at the height of their curves' ends, moved apart where they would overlap."""
    low, high = axis.get_ylim()
    line = (high - low) * size * 1.25 / (axis.get_window_extent().height / axis.figure.dpi * 72)
    heights = [line * (label.count("\n") + 1.4) for label in labels]
    places = spread(ends, heights)
    top, bottom = np.argmax(places), np.argmin(places)
    places -= max(0.0, places[top] + heights[top] / 2 - high - 1.5 * line)
    places += max(0.0, low - 1.5 * line - places[bottom] + heights[bottom] / 2)
    for y, place, label, (colour, _, _) in zip(ends, places, labels, styles):
        axis.annotate(label, (1, y), (1.06, place), xycoords=axis.get_yaxis_transform(),
                      textcoords=axis.get_yaxis_transform(), va="center", size=size, color=colour, fontweight="bold",
                      annotation_clip=False, linespacing=1.1,
                      arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.7, "shrinkA": 1, "shrinkB": 0,
                                  "relpos": (0, 0.5)})


def is_treated(experiment, arm):
    given = (experiment.get("arms") or {}).get(arm) or {}
    return bool(given.get("regimen") or given.get("signals"))


def styles_of(experiment, arms):
    """(colour, dashes, marker) of each arm; grey where nothing is given while others are treated."""
    styles, n = [], 0
    for arm in arms:
        if is_treated(experiment, arm) or not any(is_treated(experiment, a) for a in arms):
            styles.append((COLOURS[n % 7], DASHES[n % 7], MARKERS[n % 7]))
            n += 1
        else:
            styles.append((UNTREATED, DASHES[-1 - len(styles) % 3], MARKERS[-1 - len(styles) % 3]))
    return styles


def draw_points(axis, points, arms, styles, months, medians):
    """Filled: used to calibrate; hollow: held out. Changes from a later scan start on the simulated median there."""
    for arm, month, base, value, low, high, role, _ in points:
        if arm not in arms or not months[0] <= month <= months[-1]:
            continue
        i = arms.index(arm)
        colour, _, marker = styles[i]
        start = np.interp(base, months, medians[i])

        def seen(change):
            return change if base == 0 else 100 * ((1 + start / 100) * (1 + change / 100) - 1)

        if base > 0:
            axis.plot([base, month], [start, seen(value)], color=colour, lw=0.7, ls=":", zorder=4)
        if np.isfinite(low) and np.isfinite(high):
            axis.plot([month, month], [seen(low), seen(high)], color=colour, lw=1.2, zorder=4)
        axis.plot(month, seen(value), marker, ms=6, mew=1.3, mec="black" if role == "calibrate" else colour,
                  mfc=colour if role == "calibrate" else "white", zorder=6, clip_on=False)


def draw_stops(axis, stops, arms, styles, last, is_first):
    """One line where all treated arms stop together, else one of its colour for each arm."""
    treated = {arm: times for arm, times in stops.items() if times}
    together = len({tuple(sorted(t)) for t in treated.values()}) == 1
    drawn = set()
    for arm, times in treated.items():
        for t in times:
            if not 0 < t < last or (together and t in drawn):
                continue
            drawn.add(t)
            colour = "0.35" if together else styles[arms.index(arm)][0]
            axis.axvline(t, color=colour, lw=0.9, ls=(0, (4, 3)), zorder=1)
            if is_first and together:
                axis.annotate("treatment stops", (t, 1), (0, 2), xycoords=axis.get_xaxis_transform(),
                              textcoords="offset points", ha="center", va="bottom", size=8, color="0.35")


def draw_panel(axis, months, bands, styles, since):
    for (low, median, high), (colour, dashes, _) in zip(bands, styles):
        axis.fill_between(months, low, high, color=colour, alpha=0.13, lw=0, zorder=2)
        for edge in (low, high):
            axis.plot(months, edge, color=colour, lw=0.5, alpha=0.6, dashes=dashes, zorder=2)
        axis.plot(months, median, color=colour, lw=2, dashes=dashes, zorder=3)
    axis.axhline(0, color="0.6", lw=0.8, zorder=1)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color="0.92", lw=0.7, zorder=0)
    axis.set_axisbelow(True)
    in_years = months[-1] > 30
    step = 12 * max(1, round(months[-1] / 12 / 8)) if in_years else 3 * max(1, round(months[-1] / 18))
    ticks = np.arange(np.ceil(months[0] / step) * step, months[-1] + 0.01, step)
    axis.set_xticks(ticks, [f"{t / 12 if in_years else t:g}" for t in ticks])
    axis.set_xlabel(f"{'Years' if in_years else 'Months'} {since}")
    axis.set_xlim(months[0], months[-1])


def set_limits(axes, bands, points):
    values = [b for panel in bands for b in panel]
    low, high = min(np.nanmin(v) for v in values), max(np.nanmax(v) for v in values)
    for p in points:
        low, high = min(low, *(x for x in p[3:5] if np.isfinite(x))), max(high, *(x for x in (p[3], p[5]) if
                                                                                 np.isfinite(x)))
    pad = 0.04 * (high - low or 1)
    axes[0].set_ylim(low - pad, high + pad)


def footnote(points, n_subjects):
    text = "One subject with the typical values." if n_subjects == 1 else \
        f"Lines: median of {n_subjects:,} simulated subjects; bands: 5th to 95th percentile."
    if not points:
        return text
    trials = sorted({p[7].replace("_", " ") for p in points})
    roles = {p[6] for p in points}
    text += f" Points: {', '.join(trials)}"
    text += {"calibrate": ", kept for calibration.", "validate": ", held out."}.get(
        "".join(roles), "; filled: kept for calibration, hollow: held out.")
    bases = sorted({p[2] for p in points} - {0})
    if bases:
        text += f"\nDotted: observed change from month {', '.join(f'{b:g}' for b in bases)}, " \
                "drawn from the simulated median there."
    return text


def variables_of(file, wanted):
    """The wanted variables, by default BMD or the first there is."""
    names = []
    file.id.links.iterate(lambda k: names.append(k.decode()), idx_type=h5py.h5.INDEX_CRT_ORDER)
    plain = 4 if "model" in file else 3
    names = [k for k in names if isinstance(file[k], h5py.Dataset) and file[k].ndim in (plain, plain + 1)]
    for variable in wanted or []:
        if variable not in names:
            raise SystemExit(f"plot.py: {file.filename} has no variable '{variable}'; it has {', '.join(names)}")
    return wanted or (["bmd"] if "bmd" in names else names[:1])


def windows_of(experiment, arm):
    """{(start, stop)} in months of what an arm is given; a single dose has no width."""
    spec, windows = (experiment.get("arms") or {}).get(arm) or {}, set()
    for given in (spec.get("signals") or []) + (spec.get("regimen") or []):
        start, stop = months_of(given.get("start", "0 day")), months_of(given.get("stop", ""))
        if "dose" in given and "interval" not in given:
            stop = start + months_of(given.get("over", "0 day"))
        windows.add((start, np.inf if stop is None else stop))
    return windows


def read_curves(file, variables, show):
    """(arms, outputs, curves): [(name, label, unit)] of both, and curves[arm][output] = bands."""
    arms = [text_of(a) for a in file["arm"][:]]
    labels = [text_of(a) for a in file["arm_label"][:]] if "arm_label" in file else arms
    i_zero = int(np.argmin(np.abs(file["time"][:])))
    outputs, curves = [], [[] for _ in arms]
    for variable in variables:
        data = file[variable]
        unit, label = (text_of(data.attrs.get(k, "")) for k in ("units", "long_name"))
        unit = {"change": "% change", "ratio": "relative to time 0"}.get(show, "" if unit == "1" else unit)
        elements = [text_of(s) for s in data.dims[1][0][:]] if data.ndim == 4 else [""]
        for e, element in enumerate(elements):
            name = NAMES.get(variable, label.split(",")[0] or variable)
            outputs.append((variable, name + (f", {element}" if element else ""), unit))
            for a in range(len(arms)):
                bands, has_base = quantiles(data, a, e, i_zero, show)
                if show != "value" and not has_base:
                    raise SystemExit(f"plot.py: {variable} is 0 at time 0, so that it has no {show}")
                curves[a].append(bands)
    return list(zip(arms, labels, [""] * len(arms))), outputs, curves


def power_of_ten(curves):
    """(factor, its text) that brings small or large curves to a readable size: 10^-3 for 0.0042."""
    largest = np.nanmax(np.abs(curves))
    if not np.isfinite(largest) or largest == 0 or 0.02 <= largest < 2e4:
        return 1, ""
    exponent = 3 * int(np.floor(np.log10(largest) / 3))
    return 10.0 ** exponent, f"$10^{{{exponent}}}$ "


def draw_curves(axis, x, bands, styles, has_bands, with_zero):
    for (low, median, high), (colour, dashes, _) in zip(bands, styles):
        if has_bands:
            axis.fill_between(x, low, high, color=colour, alpha=0.13, lw=0, zorder=2)
        axis.plot(x, median, color=colour, lw=1.8, dashes=dashes, zorder=3)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color="0.92", lw=0.7, zorder=0)
    axis.set_axisbelow(True)
    axis.set_xlim(x[0], x[-1])
    if with_zero and np.nanmin(bands) >= 0:
        axis.set_ylim(bottom=0)


def draw_windows(axis, windows, month):
    """What is given: a grey stretch, or a line for a single dose."""
    first, last = axis.get_xlim()
    for start, stop in windows:
        if stop > start:
            axis.axvspan(max(start * month, first), min(stop * month, last), color="0.93", lw=0, zorder=0)
        else:
            axis.axvline(start * month, color="0.55", lw=0.9, ls=(0, (4, 3)), zorder=1)


def draw_panels(file, out, variables, settings):
    """A panel for each output with a line for each arm, or (panels: arms) the other way round."""
    experiment = read_experiment(file)
    arms, outputs, curves = read_curves(file, variables, settings.get("show", "value"))
    panels, lines = outputs, arms
    if settings.get("panels") == "arms":
        panels, lines = arms, outputs
        if len({unit for _, _, unit in outputs}) > 1:
            raise SystemExit("plot.py: outputs of several units do not fit into one panel; show their ratio or change")
    else:
        curves = [list(column) for column in zip(*curves)]
    days = file["time"][:]
    unit = settings.get("time") or ("day" if np.ptp(days) < 125 else "month" if np.ptp(days) < 920 else "year")
    x, month = days / TIME_UNITS[unit], MONTH / TIME_UNITS[unit]
    windows = [windows_of(experiment, arm) for arm, _, _ in arms]
    if panels is outputs:  # every panel shows all arms: mark what they share
        windows = [set.intersection(*windows)] * len(panels)
    styles = [(COLOURS[(i + 1) % 7], DASHES[i % 7], MARKERS[i % 7]) for i in range(len(lines))]
    n_subjects = int(file.attrs.get("n_done", 1))

    plt.rcParams.update({"font.size": 9, "font.family": "DejaVu Sans", "svg.fonttype": "path", "axes.linewidth": 0.8})
    n_columns = len(panels) if len(panels) < 4 else 2 if len(panels) == 4 else 3
    n_rows = -(-len(panels) // n_columns)
    width, height = 0.7 + 2.9 * max(n_columns, 2), 1.45 + 2.25 * n_rows
    figure, axes = plt.subplots(n_rows, n_columns, figsize=(width, height), sharex=True, squeeze=False)
    for k, axis in enumerate(axes.flat):
        axis.set_visible(k < len(panels))
        if k >= len(panels):
            continue
        _, label, panel_unit = panels[k]
        factor, ten = power_of_ten(curves if panels is arms else curves[k])
        draw_curves(axis, x, np.array(curves[k]) / factor, styles, n_subjects > 1, panels is arms)
        draw_windows(axis, windows[k], month)
        label = label[:1].upper() + label[1:].replace("_", " ") + (f" [{ten}{panel_unit}]" if panel_unit else "")
        axis.set_title("\n".join(textwrap.wrap(label, 40)), loc="left", size=9.5)
        if panels is arms and k % n_columns == 0:
            axis.set_ylabel(ten + outputs[0][2])
        if k + n_columns >= len(panels):
            axis.set_xlabel(f"{unit.capitalize()}s")
            axis.tick_params(labelbottom=True)
    title = experiment.get("title") or os.path.basename(file.filename)
    figure.suptitle(textwrap.shorten(title, int(width * 9.5), placeholder=" ..."), x=0.01, y=1 - 0.06 / height,
                    ha="left", va="top", size=12, fontweight="bold")
    n_legend = min(len(lines), max(1, int(width / 2.6)))
    if len(lines) > 1:
        handles = [plt.Line2D([], [], color=c, dashes=d, lw=1.8) for c, d, _ in styles]
        figure.legend(handles, [label.replace("_", " ") for _, label, _ in lines], loc="upper left", frameon=False,
                      bbox_to_anchor=(0.002, 1 - 0.3 / height), ncol=n_legend, handlelength=2.6)
    is_wrapped = any("\n" in axis.get_title(loc="left") for axis in axes[0])
    legend_rows = -(-len(lines) // n_legend) if len(lines) > 1 else 0
    text = footnote([], n_subjects)
    if any(stop > start for w in windows for start, stop in w):
        text += " Grey: while it is given."
    if any(stop == start for w in windows for start, stop in w):
        text += " Dashed: a single dose."
    figure.text(0.01, 0.08 / height, text, size=7.8, color="0.3", va="bottom")
    figure.subplots_adjust(left=0.65 / width, right=1 - 0.22 / width, bottom=0.68 / height, hspace=0.34, wspace=0.24,
                           top=1 - (0.64 + 0.21 * legend_rows + 0.17 * is_wrapped) / height)
    figure.savefig(out, dpi=130, metadata={"Date": None} if out.endswith(".svg") else None)
    plt.close(figure)


def draw_sites(file, out, variable, evidence):
    """One output, a panel for each site, as change since month 0, with the trials beside it."""
    path = file.filename
    data = file[variable]
    experiment = read_experiment(file)
    arms = [text_of(a) for a in file["arm"][:]]
    labels = [text_of(a) for a in file["arm_label"][:]] if "arm_label" in file else arms
    elements = [text_of(s) for s in data.dims[1][0][:]] if data.ndim == 4 else [""]
    months = file["time"][:] / MONTH
    i_zero = int(np.argmin(np.abs(months)))
    results = [[quantiles(data, a, e, i_zero) for a in range(len(arms))] for e in range(len(elements))]
    unit, long_name = (text_of(data.attrs.get(k, "")) for k in ("units", "long_name"))
    title = experiment.get("title") or os.path.basename(path)
    n_subjects = int(file.attrs.get("n_done", data.shape[-2]))
    table = find_evidence(file, experiment, evidence)
    bands = [[r[0] for r in panel] for panel in results]
    is_change = all(r[1] for panel in results for r in panel)
    points = [read_evidence(table, experiment, variable, e) if table and is_change else [] for e in elements]
    points = [[p for p in panel if p[0] in arms and p[1] <= months[-1] + 0.1] for panel in points]
    labels = ["\n".join(textwrap.wrap(label.replace("_", " "), 20)) for label in labels]
    styles = styles_of(experiment, arms)
    since = "since start of treatment" if any(is_treated(experiment, a) for a in arms) else "from time 0"

    plt.rcParams.update({"font.size": 9.5, "font.family": "DejaVu Sans", "svg.fonttype": "path", "axes.linewidth": 0.8})
    n = len(elements)
    figure, axes = plt.subplots(1, n, figsize=(1.5 + 2.9 * max(n, 1.5), 3.9), sharey=True, squeeze=False)
    axes = axes[0]
    name = NAMES.get(variable, variable)
    axes[0].set_ylabel(f"Change in {name} since month 0 [%]" if is_change else f"{long_name or name} [{unit}]")
    set_limits(axes, bands, [p for panel in points for p in panel if p[2] == 0])
    width = figure.get_size_inches()[0]
    figure.suptitle(textwrap.shorten(title, int(width * 9.5), placeholder=" ..."), x=0.01, y=0.985, ha="left",
                    va="top", size=12, fontweight="bold")
    figure.text(0.01, 0.012, footnote([p for panel in points for p in panel], n_subjects), size=7.8, color="0.3",
                va="bottom", linespacing=1.35)
    label_inches = 0.25 + 0.082 * max(len(line) for label in labels for line in label.split("\n"))
    figure.subplots_adjust(left=0.72 / width, right=1 - label_inches / width, top=0.85, bottom=0.215, wspace=0.08)
    stops = {a: stops_of(experiment, a) for a in arms}
    for e, axis in enumerate(axes):
        draw_panel(axis, months, bands[e], styles, since)
        draw_stops(axis, stops, arms, styles, months[-1], e == 0)
        draw_points(axis, points[e], arms, styles, months, [b[1] for b in bands[e]])
        axis.set_title(elements[e].replace("_", " ").capitalize(), loc="left", size=10)
    figure.canvas.draw()
    end_labels(axes[-1], np.array([b[1][-1] for b in bands[-1]]), labels, styles, 9)
    figure.savefig(out, dpi=130, metadata={"Date": None} if out.endswith(".svg") else None)
    plt.close(figure)


def read_models(file, variables, show):
    """(columns, curves) of a file of `osteon compare`: [(variable, element, name, unit)] and
    curves[arm][column] = [(model, bands)], without those that have no values."""
    models, n_arms = [text_of(m) for m in file["model"][:]], len(file["arm"])
    i_zero = int(np.argmin(np.abs(file["time"][:])))
    columns, curves = [], [[] for _ in range(n_arms)]
    for variable in variables:
        data = file[variable]
        unit, label = (text_of(data.attrs.get(k, "")) for k in ("units", "long_name"))
        elements = [text_of(s) for s in data.dims[2][0][:]] if data.ndim == 5 else [""]
        by_model = [data[m] for m in range(len(models))]
        for e, element in enumerate(elements):
            found = [[(m, *quantiles(y, a, e, i_zero, show)) for m, y in enumerate(by_model)] for a in range(n_arms)]
            found = [[f for f in of_arm if np.isfinite(f[1]).any()] for of_arm in found]
            is_change = show != "value" and all(f[2] for of_arm in found for f in of_arm)
            name = NAMES.get(variable, label.split(",")[0] or variable)
            if is_change:
                name = f"Change in {name} [%]" if show == "change" else f"{name}, relative to time 0"
            elif unit != "1":
                name += f" [{unit}]"
            columns.append((variable, element, name))
            for a in range(n_arms):
                curves[a].append([f[:2] for f in found[a]])
    return columns, curves


def draw_models(file, out, variables, settings, evidence):
    """A row for each arm, a column for each output and site, a line for each model; grey: their medians' range."""
    experiment = read_experiment(file)
    models, arms = ([text_of(x) for x in file[k][:]] for k in ("model", "arm"))
    labels = [text_of(a) for a in file["arm_label"][:]]
    months = file["time"][:] / MONTH
    columns, curves = read_models(file, variables, settings.get("show", "change"))
    table = find_evidence(file, experiment, evidence)
    styles = [(COLOURS[m % 7], DASHES[m % 7], MARKERS[m % 7]) for m in range(len(models))]
    stops = {a: stops_of(experiment, a) for a in arms}
    since = "since start of treatment" if any(is_treated(experiment, a) for a in arms) else "from time 0"
    kept = [k for k in range(len(columns)) if any(curves[a][k] for a in range(len(arms)))]
    last = f"year {months[-1] / 12:g}" if months[-1] > 30 else f"month {months[-1]:.3g}"
    all_points, left_out = [], {}
    for line in text_of(file.attrs.get("arms_left_out", "")).splitlines():
        if match := re.match(r"([^:]+): arm '([^']+)'", line):
            left_out.setdefault(match[2], []).append(match[1])

    plt.rcParams.update({"font.size": 9.5, "font.family": "DejaVu Sans", "svg.fonttype": "path", "axes.linewidth": 0.8})
    places = [(a, k) for a in range(len(arms)) for k in kept]
    n_columns = len(kept) if len(kept) > 1 else min(3, len(arms))  # arms alone fill rows
    n_rows = -(-len(places) // n_columns)
    width, height = 1.1 + 3.1 * max(n_columns, 2), 1.5 + 2.6 * n_rows
    figure, axes = plt.subplots(n_rows, n_columns, figsize=(width, height), sharex=True, squeeze=False,
                                sharey="all" if len(variables) == 1 else "col")
    for axis in axes.flat[len(places):]:
        axis.set_visible(False)
    for i, ((a, k), axis) in enumerate(zip(places, axes.flat)):
        variable, element, name = columns[k]
        bands = [b for _, b in curves[a][k]]
        is_bottom = i + n_columns >= len(places)
        draw_panel(axis, months, bands, [styles[m] for m, _ in curves[a][k]], since if is_bottom else "")
        draw_stops(axis, {arms[a]: stops[arms[a]]}, [arms[a]], [("0.35", DASHES[0], "")], months[-1], False)
        notes = []
        if len(bands) > 1:
            medians = np.array([b[1] for b in bands])
            axis.fill_between(months, medians.min(0), medians.max(0), color="0.5", alpha=0.22, lw=0, zorder=1)
            end = np.sort(medians[:, -1])
            notes.append(f"models at {last}: {end[0]:.2f} to {end[-1]:.2f},\nmedian {np.median(end):.2f}")
        if k == kept[0] and arms[a] in left_out:
            notes += textwrap.wrap("without " + ", ".join(left_out[arms[a]]), 40)
        axis.text(0.03, 0.03, "\n".join(notes), transform=axis.transAxes, size=7.8, color="0.25")
        points = read_evidence(table, experiment, variable, element) if table else []
        points = [p for p in points if p[0] == arms[a] and p[1] <= months[-1] + 0.1 and p[2] == 0]
        draw_points(axis, points, [arms[a]], [("black", None, "o")], months, [b[1] for b in bands[:1]])
        all_points += points
        axis.tick_params(labelbottom=is_bottom)
        if not is_bottom:
            axis.set_xlabel("")
        label = "\n".join(textwrap.wrap(labels[a].replace("_", " "), 34))
        if len(kept) == 1:
            axis.set_title(label, loc="left", size=10)
        elif i < n_columns:
            axis.set_title(element.replace("_", " ").capitalize() or name, loc="left", size=10)
        if i % n_columns == 0:
            lines = ([label] if len(kept) > 1 else []) + ([name] if len(variables) == 1 else [])
            axis.set_ylabel("\n".join(lines))
    title = experiment.get("title") or os.path.basename(file.filename)
    figure.suptitle(textwrap.shorten(title, int(width * 9.5), placeholder=" ..."), x=0.01, y=1 - 0.06 / height,
                    ha="left", va="top", size=12, fontweight="bold")
    handles = [plt.Line2D([], [], color=c, dashes=d, lw=2) for c, d, _ in styles]
    figure.legend(handles, models, loc="upper left", frameon=False, bbox_to_anchor=(0.002, 1 - 0.3 / height),
                  ncol=min(len(models), int(width / 1.6)), handlelength=2.6)
    text = footnote(all_points, int(file.attrs.get("n_done", 1))) + " Grey: from the lowest to the highest median."
    figure.text(0.01, 0.08 / height, text, size=7.8, color="0.3", va="bottom", linespacing=1.35)
    figure.subplots_adjust(left=0.95 / width, right=1 - 0.2 / width, bottom=0.72 / height, top=1 - 0.86 / height,
                           hspace=0.12 if len(kept) > 1 else 0.24, wspace=0.1 if len(variables) == 1 else 0.28)
    figure.savefig(out, dpi=130, metadata={"Date": None} if out.endswith(".svg") else None)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", metavar="RESULT.h5")
    parser.add_argument("-o", "--output", required=True, metavar="FIGURE.png|svg|pdf")
    parser.add_argument("--variables", metavar="A,B,C", help="outputs to draw (default: those that the experiment's plot "
                        "names, or bmd, or the first of a file without it)")
    parser.add_argument("--show", choices=["value", "change", "ratio"], help="values, or against time 0")
    parser.add_argument("--panels", choices=["variables", "arms"], help="what has a panel of its own")
    parser.add_argument("--time", choices=["day", "month", "year"], help="unit of the axis (default: by its length)")
    parser.add_argument("--evidence", metavar="FILE.csv", help="evidence table, if not where the experiment says")
    a = parser.parse_args()
    try:
        with h5py.File(a.results, "r") as file:
            settings = dict(read_experiment(file).get("plot") or {})
            settings.update({k: v for k in ("show", "panels", "time") if (v := getattr(a, k))})
            variables = variables_of(file, a.variables.split(",") if a.variables else settings.get("variables"))
            if "model" in file:
                draw_models(file, a.output, variables, settings, a.evidence)
            elif settings or len(variables) > 1:
                draw_panels(file, a.output, variables, settings)
            else:
                draw_sites(file, a.output, variables[0], a.evidence)
    except OSError as error:
        raise SystemExit(f"plot.py: {error}") from error


if __name__ == "__main__":
    main()
