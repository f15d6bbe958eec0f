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
import re
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np
import yaml
from commands import cohort, on_core, sweeps, timed

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MAX_REFERENCE = 64
PARTS = ["compare", "ladder", "cohort", "sweep", "peak", "whole"]
WORKLOADS = ["bone12", "bone12_daily", "continuous", "continuous_zoledronic", "daily"]
ON_DEMAND = ["peterson_denosumab", "peterson_teriparatide"]  # hours with all sides: name workload and sides
AVERAGED = {"daily": "daily_averaged"}  # what users do in place of `dosing: periodic`
COHORTS = ["cohort", "cohort_run_in"]
# Trials of `validate` and `fit`: those of each build's own sources, with its own parameters.
TRIALS = ["atac", "freedom", "sabre", "zofast"]
FIT = """title: Three parameters of four trials
trials: trials
subjects: 16
starts: 1
parameters:
  aibl.K_E: {prior: 35 pmol/L}
  aibl.k_C: {prior: 0.07143 1/d}
  "aibl.T[lumbar_spine]": {prior: 0.09 1/y}
"""
# Whole commands: name, words, subjects (of each arm), subjects of --quick (0: left out), whether it has --isa
WHOLE = [
    ("atac", ["run", "configs/atac.yaml"], 3000, 64, True),
    ("continuous", ["run", "tests/bench/workloads/continuous.yaml"], 4096, 64, True),
    ("continuous_zoledronic", ["run", "tests/bench/workloads/continuous_zoledronic.yaml"], 2048, 64, True),
    ("daily", ["run", "tests/bench/workloads/daily.yaml"], 128, 8, True),
    ("daily periodic", ["run", "tests/bench/workloads/daily.yaml", "--dosing", "periodic"], 2048, 64, True),
    ("peterson_denosumab", ["run", "tests/bench/workloads/peterson_denosumab.yaml"], 512, 16, True),
    ("peterson_teriparatide", ["run", "tests/bench/workloads/peterson_teriparatide.yaml"], 16, 0, True),
    ("validate", ["validate", "--trial", ",".join(TRIALS)], 1000, 8, False),
    ("fit", ["fit", "fit.yaml"], None, None, False),
]
# Times as fast as mrgsolve 2.0.2 that osteon was before its kinetics were in closed form (commit cc98725): processor
# time on one core, turn by turn, median of six rounds, at equal tolerance and at no larger error of BMD; measured on one
# machine with AVX-512 where mrgsolve was installed, in November 2026. At no larger error on AVX-512 only.
MRGSOLVE_BEFORE = {
    "continuous": {"avx512": (9.9, 13.6), "avx2": (6.0, None), "base": (2.9, None)},
    "continuous_zoledronic": {"avx512": (11.0, 15.2), "avx2": (7.3, None), "base": (3.8, None)},
    "daily": {"avx512": (14.4, 20.8), "avx2": (8.9, None), "base": (4.1, None)},
    "peterson_denosumab": {"avx512": (44, 74), "avx2": (23, None), "base": (12, None)},
}
LADDER = [1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7, 1e-7, 1e-8, 1e-9]
PEERS_LADDER = [1e-4, 1e-6, 1e-8]


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

    def __init__(self, build, name, program, solver, isa=None, sets=(), workload=None):
        self.build, self.name, self.program, self.solver, self.isa, self.sets = build, name, program, solver, isa, sets
        self.workload = workload  # in place of the one that others run
        self.is_osteon = name.startswith("osteon")

    def run(self, workload, rtol, core, seconds=None, least=8, subjects=None):
        """@return what was measured, and y[subject, output, time]"""
        programs = self.build / "tests/bench"
        y_path = programs / "y.bin"
        sets = [f"solver.rtol={rtol:g}", *self.sets]
        workload = self.workload or workload
        if subjects:
            sets.append(f"population.subjects={subjects}")
        if self.program == "users.R":
            folder = programs / "users"
            export_jobs(self.build, workload, sets, folder)
            command = ["Rscript", "--vanilla", HERE / "users.R", self.solver, folder, seconds or 0, least, rtol, y_path]
        elif self.program == "desolve.R":
            command = ["Rscript", "--vanilla", HERE / "desolve.R", programs / "bench_desolve.so", workload, seconds,
                       least, y_path, *sets]
        else:
            command = [programs / self.program, workload, "--y", y_path, "--least", least]
            command += ["--solver", self.solver] if self.solver else []
            command += ["--isa", self.isa] if self.isa else []
            command += ["--seconds", seconds] if seconds else ["--once"]
            for entry in sets:
                command += ["--set", entry]
        measured = json.loads(on_core(command, {core}).splitlines()[-1])
        y = np.fromfile(y_path)
        return measured, y.reshape(measured["kept"], -1, measured["times"])


def export_jobs(build, workload, sets, folder):
    """The jobs of a workload as tables, its models as one of mrgsolve's, and the signals that its arm sets."""
    folder.mkdir(exist_ok=True)
    words = [word for entry in sets for word in ("--set", entry)]
    on_core([build / "tests/bench/bench-scalar", workload, "--export", folder, *words], os.sched_getaffinity(0))
    models = (folder / "models.csv").read_text().split()
    (folder / "model.cpp").write_text(on_core([build / "osteon", "model", *models, "--mrgsolve"], os.sched_getaffinity(0)))
    arm = next(iter(yaml.safe_load(Path(workload).read_text())["arms"].values()))
    (folder / "signals.csv").write_text("".join(f"{s['signal']},{s['value']}\n" for s in arm.get("signals", [])))


def sides(build, workload, before):
    """All sides of a workload, osteon's first; those of an older build where it has benches."""
    known = json.loads(first_line(build / "tests/bench/bench-scalar", "--list"))
    isas = list(reversed(known["isas"]))
    result = []
    for solver in known["osteon"]:
        result += [Side(build, f"osteon {solver}, {isa}", "bench-lanes", solver, isa) for isa in isas]
        result.append(Side(build, f"osteon {solver}, scalar", "bench-scalar", solver))
        if workload == "daily":
            result += [Side(build, f"osteon {solver} periodic, {isa}", "bench-lanes", solver, isa,
                            ["solver.dosing=periodic"]) for isa in isas]
    if before and (before / "tests/bench/bench-lanes").exists():
        result += [Side(before, side.name.replace("osteon", "before"), side.program, side.solver, side.isa, side.sets)
                   for side in result if side.solver == known["default"] and side.isa]
    averaged = HERE / "workloads" / f"{AVERAGED[workload]}.yaml" if workload in AVERAGED else None
    for name, program, solver in [(peer, "bench-scalar", peer) for peer in known["peers"]] + (
            [("desolve_lsoda", "desolve.R", "lsoda")] if r_package("deSolve")[0].isdigit() else []) + [
            (tool, "users.R", tool) for tool in ("mrgsolve", "rxode2") if r_package(tool)[0].isdigit()]:
        result.append(Side(build, name, program, solver))
        if averaged:
            result.append(Side(build, f"{name} averaged", program, solver, workload=averaged))
    return result


def comparable(side, peer):
    """An older build with the same method on the same instruction set; doses held at their periodic state with the mean
    dose, which a user would give instead."""
    if peer.startswith("before"):
        return peer.removeprefix("before") == side.removeprefix("osteon")
    return ("periodic" in side) == ("averaged" in peer)


def digest(*paths):
    total = hashlib.sha256()
    for path in paths:
        total.update(Path(path).read_bytes())
    return total.hexdigest()[:16]


class Workload:
    def __init__(self, build, name, core, n_reference, before=None):
        self.build, self.name, self.core = build, name, core
        self.path = HERE / "workloads" / f"{name}.yaml"
        self.sides = sides(build, name, before)
        self.n_reference = min(n_reference, int(re.search(r"subjects: (\d+)", self.path.read_text())[1]) // 8)
        self.default = json.loads(first_line(build / "tests/bench/bench-scalar", "--list"))["default"]

    def drawn(self, chosen):
        """Those of the figure: each method on the widest instruction set, the default one also on others and periodic."""
        widest = self.sides[0].isa
        return [s for s in chosen if not s.is_osteon or (s.solver == self.default and not s.sets) or s.isa == widest
                and (s.solver == self.default or not s.sets)]

    def reference(self):
        """GSL's rk8pd at rtol 1e-12, kept for the next run, and how far osteon at 1e-12 is from it."""
        key = digest(self.path, *sorted((self.build / "kernels").glob("builtin_*.c")), ROOT / "src/plan/population.c",
                     ROOT / "src/plan/draw.c")
        path = self.build / f"reference_{self.name}_{self.n_reference}_{key}.npz"
        if not path.exists():
            print(f"{self.name}: computing the reference", flush=True)
            gsl = Side(self.build, "reference", "bench-scalar", "gsl_rk8pd")
            lanes = Side(self.build, "reference", "bench-lanes", None)
            measured, y = gsl.run(self.path, 1e-12, self.core, subjects=self.n_reference)
            _, other = lanes.run(self.path, 1e-12, self.core, subjects=min(8, self.n_reference))
            np.savez(path, y=y, other=other, outputs=measured["outputs"])
        with np.load(path) as kept:
            self.y, self.outputs = kept["y"], list(kept["outputs"])
            self.agreement = {name: max(off) for name, off in self.errors(kept["other"]).items()}
        print(f"{self.name}: reference agrees with osteon at rtol 1e-12 to {self.agreement['bmd']:.1e} in BMD, "
              f"{self.agreement['osteoclasts']:.1e} in osteoclasts", flush=True)

    def errors(self, y):
        """Of each subject, largest over times: relative, and for BMD in percent points of the value at the start."""
        n = min(len(y), len(self.y))

        def rows(name):
            wanted = [i for i, output in enumerate(self.outputs) if output == name]
            return self.y[:n, wanted], y[:n, wanted]

        (bmd, bmd_here), (cells, cells_here) = rows("bmd"), rows("osteoclasts")
        each = {"bmd": np.abs(bmd_here / bmd - 1), "osteoclasts": np.abs(cells_here / cells - 1),
                "bmd_points": np.abs(100 * (bmd_here - bmd) / bmd[:, :, :1])}
        return {name: list(off.max(axis=(1, 2))) for name, off in each.items()}

    def measure(self, side, rtol, seconds, least=8):
        measured, y = side.run(self.path, rtol, self.core, seconds, least)
        each = self.errors(y)
        measured.update(side=side.name, workload=self.name, speed=measured["subjects"] / measured["cpu_s"],
                        errors={name: max(off) for name, off in each.items()}, each_bmd_error=each["bmd"])
        return measured

    def turns(self, turns, rounds, seconds, least):
        """Every (side, rtol) once a round. @return rows, in their order"""
        runs = [[] for _ in turns]
        for _ in range(rounds):
            for row, (side, rtol) in zip(runs, turns):
                row.append(self.measure(side, rtol, seconds, least))
        return [{**r[-1], "speed": statistics.median(x["speed"] for x in r), "speeds": [x["speed"] for x in r]}
                for r in runs]


def as_exact(row, peer):
    """Whether the BMD error is no larger, of the subjects that both have solved."""
    n = min(len(row["each_bmd_error"]), len(peer["each_bmd_error"]))
    return bool(max(row["each_bmd_error"][:n]) <= max(peer["each_bmd_error"][:n]))


def loosest(ladder, sides_, rtol):
    """@return pairs of a side of osteon and the loosest tolerance at which it is as exact as some peer at rtol"""
    own = sorted((row for row in ladder if is_osteon(row)), key=lambda row: -row["rtol"])
    for side in sides_:
        found = {next((row["rtol"] for row in own if row["side"] == side.name and as_exact(row, peer)), None)
                 for peer in ladder if not is_osteon(peer) and peer["rtol"] == rtol}
        yield from ((side, tolerance) for tolerance in sorted(found - {None, rtol}))


def ratio(row, peer):
    each = [a / b for a, b in zip(row["speeds"], peer["speeds"])]
    return {"workload": row["workload"], "side": row["side"], "peer": peer["side"], "rtol": row["rtol"],
            "peer_rtol": peer["rtol"], "ratio": statistics.median(each), "least": min(each), "most": max(each),
            "bmd_error": row["errors"]["bmd"], "peer_bmd_error": peer["errors"]["bmd"],
            "no_larger_error": as_exact(row, peer)}


def ratios(rows):
    """Of osteon's speeds to each peer's, round by round."""
    peers = [row for row in rows if not is_osteon(row)]
    return [ratio(row, peer) for row in rows if is_osteon(row) for peer in peers if comparable(row["side"], peer["side"])]


def at_equal_error(rows):
    """The ratio of each side of osteon to each peer at the loosest tolerance where osteon's BMD error is no larger."""
    found = {}
    for r in sorted(ratios(rows), key=lambda r: -r["rtol"]):
        if r["no_larger_error"]:
            found.setdefault((r["side"], r["peer"]), r)
    return list(found.values())


def print_at_equal_error(found):
    print("\nat no larger BMD error: osteon at the loosest tolerance of the ladder that gives it"
          f"\n{'':<36}{'rtol':>7}{'BMD err':>9}   {'peer':<16}{'rtol':>7}{'BMD err':>9}{'times as fast':>22}")
    for r in found:
        print(f"{r['side']:<36}{r['rtol']:>7.0e}{r['bmd_error']:>9.1e}   {r['peer']:<16}{r['peer_rtol']:>7.0e}"
              f"{r['peer_bmd_error']:>9.1e}" + f"{short(r['ratio'])} ({short(r['least'])}..{short(r['most'])})".rjust(22))
    print("errors are of all subjects that a side has solved; the comparison is of those that both have", flush=True)


# What was asked of each: workload, side, peer, times as fast.
GOALS = [
    ("bone12", "osteon rodas5p, avx512", "gsl_msbdf", 40), ("bone12", "osteon rodas5p, avx512", "desolve_lsoda", 60),
    ("bone12", "osteon rodas5p, avx2", "gsl_msbdf", 25), ("bone12", "osteon rodas5p, avx2", "desolve_lsoda", 40),
    ("continuous", "osteon rodas5p, avx512", "gsl_msbdf", 40),
    ("continuous", "osteon rodas5p, avx512", "desolve_lsoda", 60),
    ("continuous", "osteon rodas5p, avx2", "gsl_msbdf", 25), ("continuous", "osteon rodas5p, avx2", "desolve_lsoda", 40),
    *((workload, f"osteon rodas5p, {isa}", peer, goal) for workload in ("daily", "bone12_daily")
      for isa in ("avx512", "avx2") for peer, goal in (("desolve_lsoda", 10), ("cvode_bdf", 10), ("gsl_rk8pd", 6))),
]
COHORT_GOALS = [("speedup of two threads, computed only", "speedup", None, 1.85, "at least"),
                ("seconds, compressed, two threads", "seconds", 1, 6, "at most"),
                ("added by writing, compressed, two threads", "added", 1, 0.6, "at most"),
                ("added by writing, not compressed, two threads", "added", 0, 0.2, "at most")]
PEAK_GOAL = 0.4


def print_goals(results):
    print(f"\n{'goal':<76}{'asked':>8}{'equal rtol':>12}{'equal error':>13}{'BMD error':>11}")
    for workload, side, peer, goal in GOALS:
        def found(rows):
            return next((r for r in rows if (r["workload"], r["side"], r["peer"]) == (workload, side, peer)), None)

        plain, equal = found(results["ratios"]), found(results["at_equal_error"])
        errors = next((r["errors"] for r in results["compare"] if (r["workload"], r["side"]) == (workload, side)), None)
        if plain or equal:
            print(f"{f'{workload}, {side}, times {peer}':<76}{goal:>6} x"
                  f"{short(plain['ratio']) + ' x' if plain else '':>12}{short(equal['ratio']) + ' x' if equal else '':>13}"
                  + (f"{errors['bmd']:>11.1e}" if errors else "")
                  + (f"  ({errors['bmd_points']:.1e} %-points)" if errors and "periodic" in side else ""))
    for what, key, level, goal, sense in COHORT_GOALS:
        for row in results["cohort"]:
            if row["workload"] == "cohort" and row["threads"] == 2 and row["compression"] == level:
                print(f"{f'cohort, {what}':<76}{f'{sense} {goal:g}':>16}{row[key]:>12.2f}")
    for row in results["peak"]:
        print(f"{'part of the peak of ' + row['isa'] + ', ' + row['workload']:<76}{PEAK_GOAL:>8.0%}"
              + "".join(f"  {name} {share:.0%}" for name, share in row["share"].items()))


def peak(build, core, isas):
    for name in WORKLOADS[:1] + ["continuous"]:
        for isa in isas:
            row = json.loads(on_core([build / "tests/bench/bench-peak", HERE / "workloads" / f"{name}.yaml", isa], {core}))
            yield {"workload": name, **row}


def short(x):
    return f"{x:.0f}" if x >= 100 else f"{x:.3g}"


def is_osteon(row):
    return row["side"].startswith("osteon")


def print_table(rows, found):
    peers = [row["side"] for row in rows if not is_osteon(row)]
    columns = [peer for peer in peers if not peer.startswith("before")] + ["before"] * any(p.startswith("before") for p in peers)
    print(f"\n{rows[0]['workload']}, rtol {rows[0]['rtol']:g}")
    print(f"{'side':<36}{'subj/s':>9}{'spread':>8}{'BMD err':>9}{'C err':>9}{'BMD %-pt':>10}{'steps':>10}{'RHS':>10}"
          + "".join(f"{'x ' + column:>25}" for column in columns))
    for row in rows:
        errors = row["errors"]
        spread = (max(row["speeds"]) - min(row["speeds"])) / row["speed"]
        line = (f"{row['side']:<36}{row['speed']:>9.4g}{spread:>8.0%}{errors['bmd']:>9.1e}{errors['osteoclasts']:>9.1e}"
                f"{errors['bmd_points']:>10.1e}{row.get('steps', 0):>10.4g}{row.get('rhs', 0):>10.4g}")
        for column in columns:
            r = next((r for r in found if r["side"] == row["side"] and
                      (r["peer"] == column or column == "before" and r["peer"].startswith(column))), None)
            star = " " if r is None or r["no_larger_error"] else "*"
            line += (f"{short(r['ratio'])} ({short(r['least'])}..{short(r['most'])}){star}" if r else "").rjust(25)
        print(line)
    print("x: times as fast, median of rounds (least..most); * with a larger BMD error than that peer's", flush=True)


def usable_isas(build):
    """Instruction sets of this machine, narrowest first."""
    isas = ["base", "avx2", "avx512"]
    return isas[:isas.index(re.search(r"\((\w+)\)", first_line(build / "osteon", "--version"))[1]) + 1]


def home(build):
    """The sources of a build."""
    cache = (build / "CMakeCache.txt").read_text()
    return Path(re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", cache, re.M)[1])


def fit_folder(build, folder):
    """A fit of a few of a build's own trials."""
    trials = folder / "trials"
    trials.mkdir(parents=True, exist_ok=True)
    for name in TRIALS:
        (trials / f"{name}.yaml").write_text((home(build) / "configs/trials" / f"{name}.yaml").read_text())
    (folder / "evidence").unlink(missing_ok=True)
    (folder / "evidence").symlink_to(home(build) / "configs/evidence")
    (folder / "fit.yaml").write_text(FIT)
    return folder


def whole_command(build, words, subjects, isa, out):
    """@return a command, and where it is run"""
    command = [build / "osteon", *words, "--progress", "none", "-t", 1]
    command += ["--isa", isa] if isa else []
    if words[0] == "run":
        return [*command, "-q", "--force", "-n", subjects, "-o", out], ROOT
    if words[0] == "fit":
        return command, fit_folder(build, out.with_name(f"fit_{digest(build / 'osteon')}"))
    return [*command, "--subjects", subjects], home(build)


def whole(build, before, isas, core, rounds, quick, chosen):
    """Whole commands, from reading the experiment to the written file, of this build and an older one in turns."""
    rows = []
    builds = {"now": build, **({"before": before} if before else {})}
    print(f"\nwhole commands on one core, processor seconds{' against ' + str(before) if before else ''}\n"
          f"{'':<24}{'':>8}{'subjects':>10}{'now, s':>9}{'each, ms':>10}{'MiB':>7}"
          + (f"{'before, s':>11}{'MiB':>7}{'times as fast':>25}" if before else ""))
    for name, words, subjects, few, has_isa in WHOLE:
        if chosen and name not in chosen or quick and few == 0:
            continue
        for isa in isas if has_isa else [None]:
            n = few if quick else subjects
            took = {which: [] for which in builds}
            for i in range(rounds):
                for which in list(builds) if i % 2 == 0 else list(reversed(builds)):
                    took[which].append(timed(*whole_command(builds[which], words, n, isa, build / "whole.h5"), core))
            row = {"workload": name, "isa": isa or "widest", "subjects": n}
            for which, each in took.items():
                row[which] = {"seconds": statistics.median(s for s, _ in each), "all_seconds": [s for s, _ in each],
                              "mib": max(mib for _, mib in each)}
            now = row["now"]
            line = (f"{name:<24}{row['isa']:>8}{n or '':>10}{now['seconds']:>9.3f}"
                    f"{1000 * now['seconds'] / n if n else float('nan'):>10.3f}{now['mib']:>7.0f}")
            if before:
                each = [b / a for a, b in zip(now["all_seconds"], row["before"]["all_seconds"])]
                row.update(ratio=statistics.median(each), least=min(each), most=max(each))
                line += (f"{row['before']['seconds']:>11.3f}{row['before']['mib']:>7.0f}"
                         + f"{short(row['ratio'])} ({short(row['least'])}..{short(row['most'])})".rjust(25))
            print(line, flush=True)
            rows.append(row)
    (build / "whole.h5").unlink(missing_ok=True)
    return rows


def print_derived(results):
    """What the comparison with mrgsolve gives where it is not installed: its factors times those of this run."""
    found = {}  # (workload, isa): times as fast as before at equal tolerance, while solving
    for r in results["ratios"]:
        if r["peer"].startswith("before") and "periodic" not in r["side"]:
            found[r["workload"], r["side"].split(", ")[1]] = r["ratio"]
    rows = [(name, isa, *factors, found[name, isa]) for name, isas in MRGSOLVE_BEFORE.items()
            for isa, factors in isas.items() if (name, isa) in found]
    if not rows:
        return
    print("\nderived, not measured: times as fast as mrgsolve 2.0.2, from factors measured at commit cc98725 on another "
          "machine,\nif that is the program of --before; process time while solving"
          f"\n{'':<24}{'':>8}{'before':>9}{'no larger error':>17}{'x before':>10}{'now':>7}{'no larger error':>17}")
    for name, isa, plain, equal, times in sorted(rows, key=lambda row: row[1] != "avx2"):
        print(f"{name:<24}{isa:>8}{plain:>9}{equal or '':>17}{times:>10.2f}{short(plain * times):>7}"
              f"{short(equal * times) if equal else '':>17}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--part", action="append", choices=PARTS, help="default: all")
    parser.add_argument("--before", type=Path, metavar="BUILD",
                        help="an older build, run as a side of every workload (of those in one process each if it has "
                             "benches, -DOSTEON_BENCH=ON)")
    parser.add_argument("--workload", action="append", choices=sorted({*WORKLOADS, *ON_DEMAND, *(row[0] for row in WHOLE)}),
                        help=f"of compare, ladder and whole; default: all but, of the first two, {', '.join(ON_DEMAND)}")
    parser.add_argument("--only", action="append", help="sides whose names contain this")
    parser.add_argument("--rtol", type=float, default=1e-6, help="of compare")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each side in each round, at least")
    parser.add_argument("--subjects", type=int, default=100000, help="of cohort")
    parser.add_argument("--reference", type=int, default=MAX_REFERENCE, help="subjects of the reference, at most")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--out", type=Path, help="JSON file (default: results.json in the build)")
    parser.add_argument("--quick", action="store_true", help="as little of everything as shows that it runs")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.subjects, options.reference = 1, 0.01, 512, 2
    tolerances, least = ([1e-4, 1e-6], 1) if options.quick else (LADDER, 4)
    began = time.monotonic()
    parts = options.part or PARTS
    options.build, options.before = options.build.resolve(), options.before and options.before.resolve()
    isas = usable_isas(options.build)
    results = {"machine": machine(options.build), "references": {}, "compare": [], "ratios": [], "ladder": [],
               "at_equal_error": [], "cohort": [], "sweep": [], "peak": [], "whole": []}
    for name, value in results["machine"].items():
        print(f"{name:<10} {value}")
    if options.before:
        print(f"{'before':<10} {options.before}: {first_line(options.before / 'osteon', '--version')}")
    if "whole" in parts:
        results["whole"] = whole(options.build, options.before, sorted(isas, key=["avx2", "avx512", "base"].index),
                                 options.core, options.rounds, options.quick, options.workload)
    solved = [name for name in options.workload or WORKLOADS if name in WORKLOADS + ON_DEMAND]
    for name in solved if {"compare", "ladder"} & set(parts) else []:
        workload = Workload(options.build, name, options.core, options.reference, options.before)
        chosen = [s for s in workload.sides if not options.only or any(word in s.name for word in options.only)]
        workload.reference()
        results["references"][name] = workload.agreement
        ladder = []
        for rtol in tolerances if "ladder" in parts else []:
            turns = [(s, rtol) for s in workload.drawn(chosen) if s.is_osteon or rtol in PEERS_LADDER]
            rows = workload.turns(turns, 1, 0.3 * options.seconds, max(least // 2, 1))
            print_table(rows, [])
            ladder += rows
        results["ladder"] += ladder
        if "compare" in parts:
            exact = list(loosest(ladder, [s for s in workload.drawn(chosen) if s.is_osteon], options.rtol))
            rows = workload.turns([(s, options.rtol) for s in chosen] + exact, options.rounds, options.seconds, least)
            plain = [row for row in rows if row["rtol"] == options.rtol]
            found = ratios(plain)
            print_table(plain, found)
            results["compare"] += rows
            results["ratios"] += found
            if ladder:
                drawn = {s.name for s in workload.drawn(chosen)}
                found = [r for r in at_equal_error(rows) if r["side"] in drawn]
                print_at_equal_error(found)
                results["at_equal_error"] += found
        print(f"{name}: done after {(time.monotonic() - began) / 60:.1f} min", flush=True)
    for name in COHORTS if "cohort" in parts else []:
        results["cohort"] += cohort(options.build, name, options.rounds, options.subjects, options.build)
    if "sweep" in parts:
        results["sweep"] = sweeps(options.build, options.core, options.rounds, options.quick)
    if "peak" in parts:
        results["peak"] = list(peak(options.build, options.core, isas))
    print_goals(results)
    print_derived(results)
    out = options.out or options.build / "results.json"
    out.write_text(json.dumps(results, indent=1, default=float) + "\n")
    print(f"\nwritten: {out}")
    if results["ladder"]:
        subprocess.run([HERE / "figure.py", out, out.with_name("speed")], check=True)
        print(f"drawn: {out.with_name('speed')}.png and .svg")


if __name__ == "__main__":
    main()
