#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marker courses of the flagship beside the windows of configs/evidence/windows.csv, in the typical woman and as the median
of 64 women, 66 years old. A window holds, or configs/evidence/missed.csv lists it as missed; a window there that holds is
an error too. Takes the path of osteon as its first argument; --print shows every window."""
import csv
import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
PRINT = "--print" in sys.argv and (sys.argv.remove("--print") or True)
EVIDENCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "configs", "evidence")
KEY = ("course", "against", "output", "month")
ZOLEDRONIC = "drug: zoledronic_acid, duration: 15 min, dose:"
DENOSUMAB = "drug: denosumab, dose: 60 mg, interval: 6 month"
COURSES = {  # course: regimen of its arm
    "placebo with calcium and vitamin D": "",
    "alendronate 70 mg weekly": "drug: alendronate, dose: 70 mg, interval: 7 day",
    "alendronate 70 mg weekly for 60 months then none": "drug: alendronate, dose: 70 mg, interval: 7 day, stop: 60 month",
    "zoledronic acid 5 mg once": f"{ZOLEDRONIC} 5 mg",
    "zoledronic acid 5 mg at 0 and 12 months": f"{ZOLEDRONIC} 5 mg, interval: 12 month, stop: 13 month",
    "zoledronic acid 1 mg once": f"{ZOLEDRONIC} 1 mg",
    "zoledronic acid 2.5 mg once": f"{ZOLEDRONIC} 2.5 mg",
    "risedronate 5 mg daily": "drug: risedronate, dose: 5 mg, interval: 1 day",
    "risedronate 5 mg daily for 36 months then none": "drug: risedronate, dose: 5 mg, interval: 1 day, stop: 36 month",
    "denosumab 60 mg every 6 months": DENOSUMAB,
    "denosumab 60 mg every 6 months for 24 months then none": f"{DENOSUMAB}, stop: 24 month",
    "romosozumab 210 mg monthly": "drug: romosozumab, dose: 210 mg, interval: 1 month",
    "teriparatide 20 ug daily": "drug: teriparatide, dose: 20 ug, interval: 1 day",
    "raloxifene 60 mg daily": "drug: raloxifene, dose: 60 mg, interval: 1 day",
    "anastrozole 1 mg daily after menopause": "drug: anastrozole, dose: 1 mg, interval: 1 day",
    "menopause": "",
}
BASE = {"placebo": "placebo with calcium and vitamin D", "treatment continued": "alendronate 70 mg weekly"}
HEAD = """
name: windows
models: [hormones, aibl, mineral, osteocytes]
population: {{subjects: {n}, variability: {vary}, seed: 66, covariates: {{years_since_menopause: {since} year}}}}
run_in: {{start: "-(max(years_since_menopause, 0 [y]) + 10 [y])"}}
outputs: [ctx, ntx, serum_ntx, p1np, balp]
times: [{times}]
arms:
"""
SUPPLEMENT = """
    signals: [{signal: calcium_supplement, value: 500 mg/d}, {signal: vitamin_d_supplement, value: 10 ug/d}]"""


def read(name):
    with open(os.path.join(EVIDENCE, name), newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


def months_of(window):
    return [float(m) for m in window["month"].split("..")]


def simulate(courses, months, since, n):
    """{(course, output): median over women of value over that at the first time}, and the times in months."""
    text = HEAD.format(n=n, vary="true" if n > 1 else "false", since=since,
                       times=", ".join(f"{m:g} month" for m in months))
    for i, course in enumerate(courses):
        text += f"  arm{i}:" + (f"\n    regimen: [{{{COURSES[course]}}}]" if COURSES[course] else "") + SUPPLEMENT + "\n"
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "windows.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run([OSTEON, "run", "windows.yaml", "-q", "-o", "windows.h5"], cwd=folder, check=True)
        with h5py.File(os.path.join(folder, "windows.h5"), "r") as file:
            return {(course, name): np.median(file[name][i] / file[name][i][:, :1], axis=0)
                    for name in ("ctx", "ntx", "serum_ntx", "p1np", "balp") for i, course in enumerate(courses)}


class Windows(unittest.TestCase):
    maxDiff = None

    def values(self, n):
        """(window, simulated, inside) of every window."""
        windows = read("windows.csv")
        after = sorted({0.0, *(m for w in windows for m in months_of(w) if w["course"] != "menopause"), *range(27, 34)})
        ends = {}  # course: month of its last window, as itself or as the arm that another course is compared with
        for window in windows:
            for course in {window["course"], BASE.get(window["against"])} & {*COURSES} - {"menopause"}:
                ends[course] = max(months_of(window)[-1], ends.get(course, 0))
        around = [0.0, *range(24, 61)]
        found = simulate(["menopause"], around, -2, n)
        for end in set(ends.values()):
            found.update(simulate([c for c in ends if ends[c] == end], [m for m in after if m <= end], 16, n))
        for window in windows:
            times = around if window["course"] == "menopause" else after
            whole = self.course(found, window)
            months = [m + 24 for m in months_of(window)] if window["course"] == "menopause" else months_of(window)
            low, high = (float(window[b]) if window[b] else sign * np.inf for b, sign in (("lower", -1), ("upper", 1)))
            if len(months) == 1:
                value = whole[times.index(months[0])]
                yield window, value, low <= value <= high
            elif window["course"] == "menopause":  # when it is highest
                value = times[int(np.argmax(whole))] - 24
                yield window, value, months[0] - 24 <= value <= months[1] - 24
            else:
                value = max(whole[times.index(months[0]):times.index(months[1]) + 1])
                yield window, value, low <= value <= high

    @staticmethod
    def course(found, window):
        """The output over time: percent change, or 100 at the start for a ratio of two outputs."""
        def relative(output):
            own = found[window["course"], output]
            return own / found[BASE[window["against"]], output][:own.size] if window["against"] in BASE else own
        over, _, under = window["output"].partition("/")
        return 100 * relative(over) / relative(under) if under else 100 * (relative(over) - 1)

    def check(self, who, n):
        missed = {tuple(row[k] for k in KEY) for row in read("missed.csv") if row["who"] in (who, "both")}
        wrong = []
        for window, value, inside in self.values(n):
            key = tuple(window[k] for k in KEY)
            if PRINT:
                print(f"{who:8} {'in ' if inside else 'OUT'} {value:7.1f} in {window['lower'] or '..':>6} "
                      f"to {window['upper'] or '..':>6}  {', '.join(key)}")
            if inside == (key in missed):
                wrong.append((*key, round(float(value), 1), "holds, but missed.csv lists it" if inside else "missed"))
        self.assertEqual(wrong, [])

    def test_typical_woman(self):
        self.check("typical", 1)

    def test_median_of_women(self):
        self.check("median", 64)


if __name__ == "__main__":
    unittest.main()
