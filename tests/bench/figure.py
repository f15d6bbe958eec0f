#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw results.json of bench.py: speed against error for every solver, a panel for each workload, and the cohort on
disk. Writes NAME.png and NAME.svg.

usage: figure.py RESULTS.json NAME"""
import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import LogLocator, NullLocator  # noqa: E402

TITLES = {
    "bone12": "test model, steady input and ten doses",
    "bone12_daily": "test model, 1826 daily doses",
    "continuous": "steady input",
    "continuous_zoledronic": "steady input and ten doses",
    "daily": "1826 daily doses",
}
METHODS = {"rodas4": "Rodas4", "rodas5p": "Rodas5P", "tsit5": "Tsit5", "bs32": "BS3(2)"}
ISAS = {"avx512": "AVX-512", "avx2": "AVX2", "base": "SSE2", "scalar": "scalar"}
PEERS = {"gsl_msbdf": "GSL msbdf", "gsl_rk8pd": "GSL rk8pd", "gsl_bsimp": "GSL bsimp", "cvode_bdf": "CVODE BDF",
         "desolve_lsoda": "deSolve lsoda"}
# Okabe & Ito's colours, which differ for every kind of colour blindness; markers and dashes tell them apart in grey.
COLOURS = {"rodas4": "#56B4E9", "rodas5p": "#0072B2", "tsit5": "#009E73", "bs32": "#999999", "gsl_msbdf": "#D55E00", "gsl_rk8pd": "#E69F00",
           "gsl_bsimp": "#A0522D", "cvode_bdf": "#CC79A7", "desolve_lsoda": "#000000"}
MARKERS = {"rodas4": "s", "rodas5p": "o", "tsit5": "^", "bs32": "<", "gsl_msbdf": "v", "gsl_rk8pd": "D", "gsl_bsimp": "P",
           "cvode_bdf": "X", "desolve_lsoda": "*"}
DASHES = {"avx512": "-", "avx2": (0, (5, 1)), "base": (0, (3, 1, 1, 1)), "scalar": (0, (1, 1))}


def describe(side):
    """@return label, solver, dashes, is osteon's"""
    if not side.startswith("osteon"):
        return PEERS.get(side, side), side, "-", False
    method, isa = side.removeprefix("osteon ").split(", ")
    solver, _, dosing = method.partition(" ")
    label = f"{METHODS.get(solver, solver)}, {dosing or ISAS[isa]}"  # periodic dosing is drawn on one set only
    return label, solver, DASHES[isa], True


def spread(wanted, gap):
    """Positions near the wanted ones, at least `gap` apart, for labels in descending order."""
    placed = []
    for y in wanted:
        placed.append(min(y, placed[-1] - gap) if placed else y)
    short = max(0.0, 0.0 - placed[-1]) if placed else 0.0
    placed = [y + short for y in placed]
    for i in range(len(placed) - 2, -1, -1):
        placed[i] = max(placed[i], placed[i + 1] + gap)
    return placed


def draw_workload(axes, rows, rtol_marked):
    curves = {}
    for row in rows:
        curves.setdefault(row["side"], []).append((row["rtol"], row["errors"]["bmd"], row["speed"]))
    ends = []
    for side, points in curves.items():
        label, solver, dashes, is_osteon = describe(side)
        points.sort()
        x, y = [p[1] for p in points], [p[2] for p in points]
        axes.plot(x, y, color=COLOURS.get(solver, "grey"), linestyle=dashes, linewidth=1.3 if is_osteon else 0.8,
                  marker=MARKERS.get(solver, "."), markersize=3, markerfacecolor="white", markeredgewidth=0.7,
                  zorder=3 if is_osteon else 2)
        for rtol, error, speed in points:
            if rtol == rtol_marked:
                axes.plot(error, speed, color=COLOURS.get(solver, "grey"), marker=MARKERS.get(solver, "."), markersize=4,
                          zorder=4)
        ends.append((label, solver, is_osteon, points[0][1], points[0][2]))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.invert_xaxis()
    axes.xaxis.set_major_locator(LogLocator(base=100, numticks=20))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("largest relative error of BMD")
    axes.set_ylabel("subjects per second and core")
    label_ends(axes, ends)


def label_ends(axes, ends):
    """Names in a column at the right, each tied to the curve's tightest point."""
    to_axes = axes.transAxes.inverted().transform
    at = [(*to_axes(axes.transData.transform((x, y))), *rest) for *rest, x, y in ends]
    at.sort(key=lambda point: -point[1])
    heights = spread([point[1] for point in at], 0.062)
    for (x, y, label, solver, is_osteon), height in zip(at, heights):
        colour = COLOURS.get(solver, "grey")
        axes.plot([x, 1.0, 1.03], [y, height, height], transform=axes.transAxes, color=colour, linewidth=0.4,
                  alpha=0.7, clip_on=False, zorder=1)
        axes.text(1.04, height, label, transform=axes.transAxes, color=colour, fontsize=6, va="center",
                  fontweight="bold" if is_osteon else "normal")


def draw_cohort(axes, rows):
    rows = [row for row in rows if row["workload"] == rows[0]["workload"]]
    names = {None: "computed", 0: "written", 1: "compressed"}
    labels = []
    for i, row in enumerate(rows):
        shade = {None: "#0072B2", 0: "#56B4E9", 1: "#E69F00"}[row["compression"]]
        hatch = {None: "", 0: "///", 1: "..."}[row["compression"]]
        axes.barh(i, row["seconds"], color=shade, hatch=hatch, edgecolor="white", height=0.75, linewidth=0.5)
        axes.plot([min(row["all_seconds"]), max(row["all_seconds"])], [i, i], color="black", linewidth=0.8)
        axes.text(max(row["all_seconds"]), i, f"  {row['seconds']:.2g} s", va="center", fontsize=6)
        labels.append(f"{names[row['compression']]}, {row['threads']} thread{'s' if row['threads'] > 1 else ''}")
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.15 * max(max(row["all_seconds"]) for row in rows))
    axes.set_xlabel(f"seconds by the clock, {rows[0]['subjects']} subjects")


def main():
    results = json.load(open(sys.argv[1]))
    plt.rcParams.update({"font.size": 7, "axes.titlesize": 8, "font.family": "sans-serif", "svg.fonttype": "none",
                         "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6,
                         "xtick.major.width": 0.6, "ytick.major.width": 0.6, "hatch.linewidth": 0.5})
    workloads = [name for name in TITLES if any(row["workload"] == name for row in results["ladder"])]
    figure, grid = plt.subplots(3, 2, figsize=(7.1, 8.4))
    figure.subplots_adjust(left=0.075, right=0.845, top=0.965, bottom=0.085, wspace=0.85, hspace=0.36)
    figure.text(0.075, 0.006, "One core, one thread. Curves run from rtol 1e-4 to 1e-9, filled at 1e-6; bold: osteon.\n"
                "Peers: 1e-4, 1e-6 and 1e-8. Higher is faster, further right more exact.", fontsize=6.5)
    panels = list(grid.flat)
    for letter, name in zip("abcde", workloads):
        axes = panels.pop(0)
        draw_workload(axes, [row for row in results["ladder"] if row["workload"] == name], 1e-6)
        axes.set_title(f"{letter}   {TITLES[name]}", loc="left")
    if results["cohort"]:
        axes = panels.pop(0)
        box = axes.get_position()
        axes.set_position([box.x0 + 0.14, box.y0, box.width - 0.04, box.height])
        draw_cohort(axes, results["cohort"])
        axes.set_title(f"{'abcdef'[len(workloads)]}   cohort on disk", loc="left")
    for axes in panels:
        axes.set_visible(False)
    for ending in "png", "svg":
        figure.savefig(f"{sys.argv[2]}.{ending}", dpi=300)


if __name__ == "__main__":
    main()
