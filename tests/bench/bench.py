#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run osteon and its peers on the same jobs, turn by turn on one core, and print speeds, errors and ratios.

Speed is subjects per second of process time while solving. Error is the largest over the first 64 subjects (fewer where
a side is slow) and all output times, relative to a reference at tight tolerance. A ratio is taken in each round."""
import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REFERENCE_SUBJECTS = 64
LADDER = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9]


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return (done.stdout or done.stderr).strip().splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return None


def package(name):
    return first_line("dpkg-query", "-W", "-f", "${Version}", name) or "not installed"


def r_package(name):
    code = f"cat(tryCatch(as.character(packageVersion('{name}')), error = function(e) 'not installed'))"
    return first_line("Rscript", "-e", code) or "R is not installed"


def machine(build):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    cache = (build / "CMakeCache.txt").read_text()
    compiler = next(line.split("=")[1] for line in cache.splitlines() if line.startswith("CMAKE_C_COMPILER:"))
    return {
        "cpu": cpu, "cores": os.cpu_count(), "system": platform.platform(), "compiler": first_line(compiler, "--version"),
        "osteon": first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "gsl": package("libgsl-dev"), "sundials": package("libsundials-dev"), "R": package("r-base-core"),
        "deSolve": r_package("deSolve"), "mrgsolve": r_package("mrgsolve"), "rxode2": r_package("rxode2"),
    }


class Side:
    """One solver in one build, run as a process of its own."""

    def __init__(self, build, name, program, solver, isa=None, sets=()):
        self.build, self.name, self.program, self.solver, self.isa, self.sets = build, name, program, solver, isa, sets

    def run(self, workload, rtol, core, seconds=None, subjects=None):
        """@return what was measured, and y[subject, output, time]"""
        programs = self.build / "tests/bench"
        y_path = programs / "y.bin"
        sets = [f"solver.rtol={rtol:g}", *self.sets]
        if subjects:
            sets.append(f"population.subjects={subjects}")
        if self.program == "desolve.R":
            command = ["Rscript", "--vanilla", HERE / "desolve.R", programs / "bench_desolve.so", workload,
                       str(seconds), y_path, *sets]
        else:
            command = [programs / self.program, workload, "--solver", self.solver, "--y", y_path]
            command += ["--isa", self.isa] if self.isa else []
            command += ["--seconds", str(seconds)] if seconds else ["--once"]
            for entry in sets:
                command += ["--set", entry]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False,
                              preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        if done.returncode != 0:
            sys.exit(f"{self.name}: {done.stderr}")
        measured = json.loads(done.stdout.splitlines()[-1])
        y = np.fromfile(y_path)
        return measured, y.reshape(measured["kept"], -1, measured.get("times", 0) or y.size // measured["kept"])


def sides(build, workload):
    """All sides of a workload, osteon's first."""
    known = json.loads(first_line(build / "tests/bench/bench-scalar", "--list"))
    result = []
    for solver in known["osteon"]:
        result += [Side(build, f"osteon {solver}, {isa}", "bench-lanes", solver, isa) for isa in reversed(known["isas"])]
        result.append(Side(build, f"osteon {solver}, scalar", "bench-scalar", solver))
    if workload == "daily":
        result += [Side(build, f"osteon {known['osteon'][0]} periodic, {isa}", "bench-lanes", known["osteon"][0], isa,
                        ["solver.dosing=periodic"]) for isa in reversed(known["isas"])]
    result += [Side(build, peer, "bench-scalar", peer) for peer in known["peers"]]
    if r_package("deSolve")[0].isdigit():
        result.append(Side(build, "desolve_lsoda", "desolve.R", "lsoda"))
    return result


def digest(*paths):
    total = hashlib.sha256()
    for path in paths:
        total.update(Path(path).read_bytes())
    return total.hexdigest()[:16]


class Workload:
    def __init__(self, build, name, core):
        self.build, self.name, self.core = build, name, core
        self.path = HERE / "workloads" / f"{name}.yaml"
        self.sides = sides(build, name)
        self.rows, self.n_times = [], None

    def reference(self):
        """GSL's rk8pd at rtol 1e-12, kept for the next run, and how far osteon at 1e-12 is from it."""
        key = digest(self.path, self.build / "kernels/builtins.c", ROOT / "src/cohort/population.c")
        path = self.build / f"reference_{self.name}_{key}.npz"
        if not path.exists():
            print(f"{self.name}: computing the reference", flush=True)
            gsl = Side(self.build, "reference", "bench-scalar", "gsl_rk8pd")
            lanes = Side(self.build, "reference", "bench-lanes", self.sides[0].solver)
            measured, y = gsl.run(self.path, 1e-12, self.core, subjects=REFERENCE_SUBJECTS)
            _, other = lanes.run(self.path, 1e-12, self.core, subjects=REFERENCE_SUBJECTS)
            np.savez(path, y=y, other=other, outputs=measured["outputs"])
        with np.load(path) as kept:
            self.y, self.outputs = kept["y"], list(kept["outputs"])
            self.agreement = self.errors(kept["other"])
        print(f"{self.name}: reference agrees with osteon at rtol 1e-12 to {self.agreement['bmd']:.1e} in BMD, "
              f"{self.agreement['osteoclasts']:.1e} in osteoclasts", flush=True)

    def errors(self, y):
        reference = self.y[: len(y)]
        off = np.abs(y.reshape(reference.shape) / reference - 1).max(axis=(0, 2))
        return {name: float(max(e for e, o in zip(off, self.outputs) if o == name)) for name in ("bmd", "osteoclasts")}

    def measure(self, side, rtol, seconds):
        measured, y = side.run(self.path, rtol, self.core, seconds)
        measured.update(side=side.name, workload=self.name, speed=measured["subjects"] / measured["cpu_s"],
                        errors=self.errors(y))
        return measured

    def compare(self, rtol, rounds, seconds):
        """Every side once a round, so that all see the same machine."""
        runs = {side.name: [] for side in self.sides}
        for _ in range(rounds):
            for side in self.sides:
                runs[side.name].append(self.measure(side, rtol, seconds))
        self.rows = [{**r[-1], "speed": statistics.median(x["speed"] for x in r), "speeds": [x["speed"] for x in r]}
                     for r in runs.values()]

    def ratios(self):
        for row in self.rows:
            for other in self.rows:
                if row["side"].startswith("osteon") and not other["side"].startswith("osteon"):
                    each = [a / b for a, b in zip(row["speeds"], other["speeds"])]
                    yield {"workload": self.name, "side": row["side"], "peer": other["side"],
                           "ratio": statistics.median(each), "least": min(each), "most": max(each),
                           "no_larger_error": row["errors"]["bmd"] <= other["errors"]["bmd"]}


def print_table(workload, ratios):
    peers = [row for row in workload.rows if not row["side"].startswith("osteon")]
    print(f"\n{workload.name}, rtol {workload.rows[0]['rtol']:g}")
    print(f"{'side':<34}{'subj/s':>10}{'spread':>8}{'BMD err':>10}{'C err':>10}{'steps':>9}{'RHS':>10}  "
          + "  ".join(f"{'x ' + p['side']:>22}" for p in peers))
    for row in workload.rows:
        spread = (max(row["speeds"]) - min(row["speeds"])) / row["speed"]
        line = (f"{row['side']:<34}{row['speed']:>10.4g}{spread:>8.0%}{row['errors']['bmd']:>10.1e}"
                f"{row['errors']['osteoclasts']:>10.1e}{row.get('steps', 0):>9.4g}{row.get('rhs', 0):>10.4g}  ")
        for peer in peers:
            found = [r for r in ratios if r["side"] == row["side"] and r["peer"] == peer["side"]]
            text = "".join(f"{r['ratio']:.3g} ({r['least']:.3g}..{r['most']:.3g})" + ("" if r["no_larger_error"] else "*")
                           for r in found)
            line += f"{text:>22}  "
        print(line.rstrip())
    print("* with a larger BMD error than that peer's", flush=True)


def main():
    names = sorted(path.stem for path in (HERE / "workloads").glob("*.yaml"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--workload", action="append", choices=names, help="default: all")
    parser.add_argument("--only", action="append", help="sides whose names contain this")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each side in each round, at least")
    parser.add_argument("--rtol", type=float, default=1e-6)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--out", type=Path, help="JSON file (default: results.json in the build)")
    options = parser.parse_args()
    results = {"machine": machine(options.build), "rows": [], "ratios": [], "references": {}}
    for name, value in results["machine"].items():
        print(f"{name:<10} {value}")
    for name in options.workload or names:
        workload = Workload(options.build, name, options.core)
        if options.only:
            workload.sides = [s for s in workload.sides if any(word in s.name for word in options.only)]
        workload.reference()
        workload.compare(options.rtol, options.rounds, options.seconds)
        ratios = list(workload.ratios())
        print_table(workload, ratios)
        results["rows"] += workload.rows
        results["ratios"] += ratios
        results["references"][name] = workload.agreement
    out = options.out or options.build / "results.json"
    out.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nwritten: {out}")


if __name__ == "__main__":
    main()
