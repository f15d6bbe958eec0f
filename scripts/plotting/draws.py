# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of runs over draws of parameters: the median with the 95 % interval over draws, the uncertainty of the
parameters, and the 5th to 95th percentile between subjects."""
import textwrap

import h5py
import numpy as np

from .evidence import answering, as_scanned, point_of, read_observations
from .figures import ROLES, arm_styles, chosen_arms, foot_left
from .page import MARKERS, SETTINGS, Ticks, draw_points, plt
from .results import BLOCK, Results, quantiles
from .words import Refused, counted, in_words, plain

MAX_PANELS, MAX_DRAWS = 24, 10_000
YEAR, MONTH = 365.25, 30.4375
SHAPES = dict(zip(MARKERS, "●■▲◆▼✚✖◀▶⬟⬢★"))
FEW = {"draw": (0.95, 37), "subject": (0.9, 35)}  # interval, and from how many on it holds at most 5 % less (statistic.h)


def is_of_draws(path):
    with h5py.File(path, "r") as file:
        return plain(file.attrs.get("sweep_design", "")) == "draws"


def kept_bands(results, name, at):
    """As bands(), of a file that keeps quantiles."""
    data, change, n, n_changes = (results.dataset(name + ending) for ending in ("", "_change", "_n", "_change_n"))
    if data.shape[0] > MAX_DRAWS or change.shape != data.shape or n.shape != n_changes.shape:
        raise results.damaged(f"'{name}_change' has shape {change.shape}")
    where = (slice(None), *at)
    is_change = bool((n_changes[where][..., results.zero] == n[where][..., results.zero]).all())
    found = (change if is_change else data)[where].astype(float)[:, results.band_rows()]
    return found.transpose(1, 0, 2), is_change


def bands(results, name, at, zero, path):
    """Over draws and times: 5th, 50th and 95th percentile between subjects, of percent changes where all baselines are
    above zero. @return [3][draws][times], and whether they are changes"""
    data = results.dataset(name)
    if results.levels is not None:
        return kept_bands(results, name, at)
    n_draws, (n_subjects, n_times) = data.shape[0], data.shape[-2:]
    if n_draws > MAX_DRAWS or n_subjects * n_times > BLOCK:
        raise Refused(f"{path}: {n_draws} draws of {n_subjects} subjects are more than a figure shows")
    out, is_change = np.full((3, n_draws, n_times), np.nan), results.has_zero
    for d in range(n_draws):
        y = data[(d, *at)].astype(float)
        base = y[:, zero, None]
        is_change = is_change and bool(np.nanmin(base, initial=np.inf) > 0)
        out[:, d] = quantiles(100 * (y / base - 1) if is_change else y)[0]
    return out, is_change


def draw_panel(panel, x, found, colour):
    """Light: between subjects; dark: of the median."""
    low, middle, high = (np.nanmedian(part, axis=0) for part in found)
    unsure = np.nanquantile(found[1], [0.025, 0.975], axis=0)
    panel.fill_between(x, low, high, color=colour, alpha=0.14, lw=0)
    panel.fill_between(x, *unsure, color=colour, alpha=0.5, lw=0)
    panel.plot(x, middle, color=colour, lw=1.6)
    panel.axhline(0, color="0.75", lw=0.8, zorder=1)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="y", color="0.92", lw=0.7)
    panel.set_axisbelow(True)
    panel.yaxis.set_major_formatter(Ticks())


def elements_of(results, data):
    """Names of the elements of a variable of sites, [""] of another: dimensions are draw, arm, elements, subject, time."""
    if data.ndim == 4:
        return [""]
    return [plain(name) for name in results.texts(data.dims[2].keys()[0])]


def split(name):
    """"bmd[total_hip]" is element total_hip of bmd."""
    base, _, element = name.partition("[")
    return base, element.removesuffix("]")


def outputs_of(results):
    """Names of the variables over draws, arms, subjects and times."""
    return [name for name in results.file if isinstance(results.file.get(name), h5py.Dataset)
            and results.file[name].ndim in (4, 5) and "summary_of" not in results.file[name].attrs
            and results.file[name].dims[0].keys()[:1] == ["draw"]]


def choose(results, names, known):
    """@return pairs of a variable's name and of one of its elements, "" for all"""
    for name, element in map(split, names or []):
        if name not in known:
            raise Refused(f"{results.path} has no output '{plain(name)}'; it has {', '.join(known) or 'none'}")
        elements = elements_of(results, results.dataset(name))
        if element and element not in elements:
            raise Refused(f"{results.path}: '{name}' has no '{plain(element)}'; it has {', '.join(elements)}")
    if not known:
        raise Refused(f"{results.path}: draws of parameters without subjects")
    own = ["bmd"] if "bmd" in known else known[:1]
    return [split(n) for n in names or [as_scanned(own[0], known)]]


def points_of(observations, known, key, arm, show, unit, results, median, day):
    """Observations of an arm and output, on the axes of its panel, None for one that has no place there."""
    found = [point_of(seen, show, unit, results.days, results.zero, median) for seen in observations
             if seen.arm == arm and answering(seen, known) == [key]]
    found = [point if point is not None and np.isfinite(point.y) else None for point in found]
    for point in filter(None, found):
        point.x /= day
        point.start = point.start and (point.start[0] / day, point.start[1])
    return found


def foot_of(n_draws, n_subjects, points, markers):
    """What bands and points are."""
    foot = (f"Dark: 95 % interval of the median over {n_draws} draws of the parameters, their uncertainty. Light: 5th to 95th "
            f"percentile between {counted(n_subjects, 'subject')}, their differences; medians over draws.")
    for n, word in ((n_draws, "draw"), (n_subjects, "subject")):
        part, enough = FEW[word]
        if n < enough:
            foot += (f" Caution: an interval from {counted(n, word)} holds {100 * part * (n - 1) / (n + 1):.0f} %, not "
                     f"{100 * part:.0f} %, of all {word}s on average.")
    if points:
        roles = {point.role for point in points}
        foot += " Points: observed, " + ", ".join(f"{SHAPES[shape]} {in_words(trial)}" for trial, shape in markers.items()) + \
            "; " + ", ".join(ROLES[role] for role in ROLES if role in roles) + "."
    return foot


def figure_of_draws(path, names, arms, evidence=None):
    """A row of panels for each arm, a column for each site or output; with the trials that the experiment names."""
    results = Results(path)
    known = outputs_of(results)
    observations, left = read_observations(results, evidence)
    markers = {trial: MARKERS[i % len(MARKERS)] for i, trial in enumerate(dict.fromkeys(seen.trial for seen in observations))}
    drawn = []
    columns = [(name, e, site) for name, element in choose(results, names, known)
               for e, site in enumerate(elements_of(results, results.dataset(name))) if element in ("", site)]
    chosen, looks = chosen_arms(arms, results), arm_styles(results)
    n_arms = len(chosen)
    if n_arms * len(columns) > MAX_PANELS:
        raise Refused(f"{path}: more than {MAX_PANELS} panels; choose outputs with --variables")
    is_years = results.days[-1] > 2 * YEAR
    day = YEAR if is_years else MONTH
    x = results.days / day
    with plt.rc_context(SETTINGS):
        figure = plt.figure(figsize=(max(5.2, 3.3 * len(columns) + 0.6), 2.2 * n_arms + 1.5), layout="constrained")
        panels = figure.subplots(n_arms, len(columns), squeeze=False, sharex=True, sharey="col")
        for k, (name, e, site) in enumerate(columns):
            data = results.dataset(name)
            for row, a in enumerate(chosen):
                at = (a, e) if data.ndim == 5 else (a,)
                found, is_change = bands(results, name, at, results.zero, path)
                panel, colour = panels[row, k], looks[a].colour
                draw_panel(panel, x, found, colour)
                panel.tick_params(labelleft=True)
                unit = "%" if is_change else plain(data.attrs.get("units", ""))
                points = points_of(observations, known, f"{name}[{site}]" if site else name, results.arms[a],
                                   "change" if is_change else "value", unit, results, np.nanmedian(found[1], axis=0), day)
                drawn += filter(None, points)
                left += [None] * points.count(None)
                draw_points(panel, [(point, colour) for point in filter(None, points)], markers)
                if row == 0:
                    title = in_words(f"{name}, {site}" if site else name).replace("bmd", "BMD")
                    panel.set_title(title, fontsize=9.5, loc="left", pad=22)
                panel.text(0, 1.02, "\n".join(textwrap.wrap(results.labels[a], 40)), transform=panel.transAxes, fontsize=8.2,
                           color=colour, va="bottom")
                panel.set_ylabel(f"Change ({unit})" if is_change else f"({unit})")
        for panel in panels[-1]:
            panel.set_xlabel(f"{'Years' if is_years else 'Months'} since start of treatment")
        wide = 30 * max(len(columns), 2)
        figure.suptitle("\n".join(textwrap.wrap(plain(results.text("title")), wide)), fontsize=12, weight="bold", x=0.02,
                        ha="left")
        n_draws = results.dataset(columns[0][0]).shape[0]
        seen = {point.trial for point in drawn}
        n_eligible = results.count("n_eligible", results.count("n_subjects"))
        foot = foot_of(n_draws, n_eligible, drawn, {t: m for t, m in markers.items() if t in seen})
        foot = " ".join([foot, *foot_left(left, path)])
        figure.supxlabel("\n".join(textwrap.wrap(foot, 48 * max(len(columns), 2))), fontsize=7.8, color="0.3", x=0.02,
                         ha="left")
    return figure
