# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands as a whole: cohorts that are computed and written, and sweeps beside runs of as many subjects."""
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Sweeps of one arm over five years by half a year: name, what is varied, points, women.
SWEEPS = [
    ("parameter, 200 women", "parameters.aibl.k_C=0.0714 1/d..0.0715 1/d", 20, 200),
    ("parameter, 2,000 women", "parameters.aibl.k_C=0.0714 1/d..0.0715 1/d", 5, 2000),
    ("dose, 2,000 women", "arms.anastrozole.regimen.0.dose=0.9 mg..1.1 mg", 5, 2000),
]
WANTED = 500, 2000  # points and women of the sweep that is stated


def on_core(command, cores):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False,
                          preexec_fn=lambda: os.sched_setaffinity(0, cores))
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr}")
    return done.stdout


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cohort(build, name, rounds, subjects, folder):
    """A cohort computed only, and written to disk by `osteon run`: seconds of the whole process by the clock, and of its
    threads, which say more on a busy machine."""
    workload = HERE / "workloads" / f"{name}.yaml"
    cores = sorted(os.sched_getaffinity(0))
    variants = [(computing, threads, level) for threads in (1, 2) if threads <= len(cores)
                for computing, level in ((True, None), (False, 0), (False, 1))]
    out = folder / "bench_cohort.h5"
    sizes = {}
    seconds = {variant: [] for variant in variants}  # of (clock, threads)
    for _ in range(rounds):
        for computing, threads, level in variants:
            if computing:
                command = [build / "tests/bench/bench-lanes", workload, "--cohort", threads, "--set",
                           f"population.subjects={subjects}"]
            else:
                command = [build / "osteon", "run", workload, "-n", subjects, "-t", threads, "-q", "-o", out, "--set",
                           f"results.compression={level}"]
            begin = time.perf_counter(), children_seconds()
            on_core(command, set(cores[:threads]))
            seconds[computing, threads, level].append(
                (time.perf_counter() - begin[0], children_seconds() - begin[1]))
            if not computing:
                sizes[level] = out.stat().st_size
    rows = []
    for (computing, threads, level), taken in seconds.items():
        alone, single = seconds[True, threads, None], seconds[computing, 1, level]
        row = {"workload": name, "threads": threads, "compression": level, "written": not computing,
               "subjects": subjects, "seconds": statistics.median(wall for wall, _ in taken),
               "all_seconds": [wall for wall, _ in taken], "cpu_seconds": statistics.median(cpu for _, cpu in taken),
               "added": statistics.median(t[0] / a[0] - 1 for t, a in zip(taken, alone)),
               "cpu_added": statistics.median(t[1] / a[1] - 1 for t, a in zip(taken, alone)),
               "speedup": statistics.median(s[0] / t[0] for s, t in zip(single, taken))}
        if row["written"]:
            row["bytes"] = sizes[level]
        rows.append(row)
    out.unlink(missing_ok=True)
    print(f"\n{name}: {subjects} subjects\n"
          f"{'':<26}{'threads':>8}{'wall s':>8}{'added':>8}{'speedup':>9}{'CPU s':>8}{'added':>8}{'MB':>8}")
    for row in rows:
        what = f"written, compression {row['compression']}" if row["written"] else "computed only"
        print(f"{what:<26}{row['threads']:>8}{row['seconds']:>8.2f}{row['added']:>8.0%}{row['speedup']:>9.2f}"
              f"{row['cpu_seconds']:>8.2f}{row['cpu_added']:>8.0%}{row.get('bytes', 0) / 1e6:>8.1f}", flush=True)
    return rows


def timed(command, folder, core):
    """@return processor seconds of a command on one core, and its peak memory in MiB; NaN where it fails"""
    process = subprocess.Popen(list(map(str, command)), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        print(f"  {' '.join(map(str, command))}: {said.strip().splitlines()[-1] if said.strip() else process.returncode}")
        return float("nan"), float("nan")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def sweeps(build, core, rounds, quick):
    """Processor time and memory of sweeps that keep endpoints, beside one run of as many subjects; and, scaled by points,
    of 500 points with 2,000 women."""
    workload, out = HERE / "workloads" / "sweep.yaml", build / "bench_sweep.h5"
    rows = []
    print(f"\n{'sweep':<26}{'points':>8}{'women':>8}{'CPU s':>8}{'plain':>8}{'ratio':>8}{'MiB':>8}")
    for name, varied, points, women in SWEEPS:
        points, women = (2, 64) if quick else (points, women)
        common = ["-t", 1, "-q", "--no-probe", "--force", "-o", out]
        sweep = [build / "osteon", "sweep", workload, "--vary", f"{varied} : {points}", "--keep", "endpoints", "-n", women]
        plain = [build / "osteon", "run", workload, "-n", points * women]
        taken = [[timed([*command, *common], HERE, core) for command in (plain, sweep)] for _ in range(rounds)]
        row = {"sweep": name, "points": points, "subjects": women,
               "cpu_seconds": statistics.median(both[1][0] for both in taken),
               "plain_cpu_seconds": statistics.median(both[0][0] for both in taken),
               "ratio": statistics.median(both[1][0] / both[0][0] for both in taken),
               "mib": max(both[1][1] for both in taken)}
        rows.append(row)
        print(f"{name:<26}{points:>8}{women:>8}{row['cpu_seconds']:>8.2f}{row['plain_cpu_seconds']:>8.2f}"
              f"{row['ratio']:>8.2f}{row['mib']:>8.0f}", flush=True)
    for row in rows[1:]:
        seconds = row["cpu_seconds"] * WANTED[0] / row["points"] * WANTED[1] / row["subjects"]
        print(f"{WANTED[0]} points x {WANTED[1]:,} women, {row['sweep'].split(',')[0]}: {seconds:.0f} s of a processor, "
              f"{seconds / 2:.0f} s on two (scaled)")
    out.unlink(missing_ok=True)
    return rows
