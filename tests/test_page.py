#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Experiment files that the page offers, of random settings over every control, are experiments for the program. With
osteon.wasm the program gives the page's curves: BMD to 1e-9 relative, other outputs to 1e-9 of their largest value.

usage: test_page.py OSTEON [WORK N]     (scripts/prove page builds WORK/osteon.wasm and WORK/osteon.html)
Without WORK six files are checked; with it N settings are compared, in node and in Chromium."""
import csv
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).resolve().parent
SKIPPED = 77
SEED = 19  # two men among the first six
TOLERANCE = 1e-9
N_TRIALS = 5


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True)


def compare(osteon, folder, k):
    """@return largest relative difference of BMD, and of other outputs in their largest value"""
    out = folder / f"{k}.h5"
    done = run(osteon, "run", folder / f"{k}.yaml", "--set", "results.precision=float64", "--quiet", "-o", out)
    assert done.returncode == 0, done.stderr
    worst = {True: 0.0, False: 0.0}
    arms = json.loads((folder / f"{k}.json").read_text())
    with h5py.File(out) as file:
        sites = [site.decode() for site in file["site"][:]]
        for a, outputs in enumerate(arms.values()):
            assert len(outputs) > 8
            for name, page in outputs.items():
                variable, _, site = name.rstrip("]").partition("[")
                data = file[variable][a]
                program = (data[sites.index(site)] if site else data).ravel()
                page = np.array(page, dtype=float)
                assert page.shape == program.shape and np.all(np.isfinite(page)), name
                scale = np.abs(program) if variable == "bmd" else max(np.max(np.abs(program)), 1e-300)  # a drug not given: 0
                worst[variable == "bmd"] = max(worst[variable == "bmd"], np.max(np.abs(page - program) / scale))
    return worst[True], worst[False]


def compare_class(osteon, folder):
    """The women of the page's class, in its parts, are those of its experiment. @return largest relative difference"""
    out = folder / "class.h5"
    done = run(osteon, "run", folder / "class.yaml", "--set", "results.precision=float64", "--set", "population.subjects=20",
               "--quiet", "-o", out)
    assert done.returncode == 0, done.stderr
    worst, first = 0.0, 0
    with h5py.File(out) as file:
        sites = [site.decode() for site in file["site"][:]]
        for part in json.loads((folder / "class.json").read_text()):
            shape = len(part["arms"]), part["n"], len(part["outputs"]), len(part["times"])
            values = np.reshape(part["values"], shape)
            assert not any(part["status"])
            for k, name in enumerate(part["outputs"]):
                variable, _, site = name.rstrip("]").partition("[")
                data = file[variable][:, sites.index(site)] if site else file[variable][:]
                program = data[:, first:first + part["n"]]
                worst = max(worst, np.max(np.abs(values[:, :, k] - program)))
            first += part["n"]
    assert first == 20
    return worst


def compare_trials(osteon, folder):
    """Each row of the page's trials, and what it says of it, is in `osteon validate`. @return largest difference, points"""
    worst = 0.0
    for trial in json.loads((folder / "trials.json").read_text()):
        out = folder / "validate.csv"
        done = run(osteon, "validate", "--trial", trial["name"], "--parameters", "none", "--subjects", trial["n"], "--csv", out)
        assert done.returncode == 0, done.stderr
        with open(out, encoding="utf8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["output"] in ("scanned_bmd[lumbar_spine]", "scanned_bmd[total_hip]")
                    and row["statistic"] in ("mean", "median")]
        assert len(rows) == len(trial["rows"]), trial["name"]
        for page in trial["rows"]:
            of = [row for row in rows if (row["simulated_arm"], row["versus"], row["role"], float(row["time_months"]), float(row["observed"])) ==
                  (page["arm"], page["versus"] or "", page["role"], page["to"], page["value"]) and page["site"] in row["output"]]
            assert len(of) >= 1, page
            worst = max(worst, abs(float(of[0]["simulated"]) - page["simulated"]))
    return worst


def compare_settings(osteon, folder, n, where):
    """@return whether all agree; prints how well"""
    worst = [compare(osteon, folder, k) for k in range(n)]
    close = sum(w[0] <= 1e-12 for w in worst)
    print(f"{n} settings in {where}: BMD to {max(w[0] for w in worst):.1e} relative, {close} of them to 1e-12; other outputs "
          f"to {max(w[1] for w in worst):.1e} of their largest value", flush=True)
    return close >= 0.95 * n and all(max(w) <= TOLERANCE for w in worst)


def made(*words):
    done = run(*words)
    assert done.returncode == 0, done.stderr


def main():
    osteon, work, n = sys.argv[1], *(sys.argv[2:] or [None, "6"])
    if shutil.which("node") is None:
        print("skipped: node is not installed (scripts/install-deps --page)")
        return SKIPPED
    if shutil.which("xz"):
        made("node", HERE / "page/lzma.mjs", HERE.parent / "LICENSE", HERE.parent / "configs/pictures/atac.png")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made("node", HERE / "page/settings.mjs", folder, n, SEED, *([f"{work}/osteon.wasm"] if work else []))
        files = sorted(folder.glob("*.yaml"))
        assert len(files) == int(n) + 1 + N_TRIALS
        texts = {file.read_text() for file in files}
        assert len(texts) > len(files) / 2, "settings do not differ"
        for file in files:
            checked = run(osteon, "check", file)
            assert checked.returncode == 0, checked.stderr + file.read_text()
        if work is None:
            return 0
        of_class, of_trials = compare_class(osteon, folder), compare_trials(osteon, folder)
        print(f"class: to {of_class:.1e}; trials: to {of_trials:.1e} points of osteon validate", flush=True)
        good = of_class <= TOLERANCE and of_trials <= 1e-6 and compare_settings(osteon, folder, int(n), "node")
    with tempfile.TemporaryDirectory() as name:
        made("node", HERE / "page/downloads.mjs", work, name, n, SEED)
        return int(not (compare_settings(osteon, Path(name), int(n), "Chromium") and good))


if __name__ == "__main__":
    sys.exit(main())
