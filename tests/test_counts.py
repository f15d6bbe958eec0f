#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instructions that the solver and its hottest kernels take, counted by callgrind, are at most a tenth above what
tests/bench/counts.json records for this compiler: speed that a busy machine cannot blur. callgrind knows no AVX-512.

usage: test_counts.py OSTEON [--update]     (--update records what is counted now)"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py

HERE = Path(__file__).resolve().parent
RECORD = HERE / "bench/counts.json"
WORKLOAD = HERE / "bench/workloads/cohort.yaml"
SUBJECTS = 64
ISAS = ["base", "avx2"]
SLACK = 0.1
SKIPPED = 77


def compiler(program):
    found = re.search(rb"(GCC: \([^)]*\) |clang version )([0-9.]+)", program.read_bytes())
    return (found[1].split()[0].strip(b":") + b" " + found[2]).decode() if found else "unknown"


def read_profile(path):
    """@return cost, of what it calls too, and calls of each function of a callgrind file"""
    names, cost, calls = {}, {}, {}
    current = None

    def name_of(text):
        number, _, name = text.partition(" ")
        if name:
            names[number] = name
        return names[number]

    for line in path.read_text().splitlines():
        if line.startswith("fn="):
            current = name_of(line[3:])
        elif line.startswith("cfn="):
            callee = name_of(line[4:])
        elif line.startswith("calls="):
            calls[callee] = calls.get(callee, 0) + int(line[6:].split()[0])
        elif re.match(r"[0-9+*-]", line) and current:
            cost[current] = cost.get(current, 0) + int(line.split()[1])
    return cost, calls


def count(osteon, isa, folder):
    out, profile = folder / f"{isa}.h5", folder / "callgrind.out"
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", "--quiet", osteon, "run",
                    WORKLOAD, "-n", str(SUBJECTS), "--isa", isa, "--threads", "1", "--quiet", "-o", out], check=True)
    cost, calls = read_profile(profile)
    with h5py.File(out) as file:
        steps = int(file["n_steps"][:].sum() + file["n_rejected"][:].sum())
    counts = {"subject": cost["ost_batch_run"] / SUBJECTS, "step of a subject": cost["ost_batch_run"] / steps}
    for kernel in "rhs", "jacobian", "outputs":
        name = f"aibl_{kernel}_{isa}"
        counts[f"aibl {kernel}, all lanes"] = cost[name] / calls[name]
    return {what: round(value, 1) for what, value in counts.items()}


def main():
    osteon = Path(sys.argv[1])
    used = compiler(osteon)
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    update = "--update" in sys.argv
    if shutil.which("valgrind") is None:
        print("valgrind is not installed")
        return SKIPPED
    if not update and used not in record:
        print(f"no counts are recorded for {used}, only for {', '.join(record)}")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        counted = {isa: count(osteon, isa, Path(folder)) for isa in ISAS}
    if update:
        record[used] = counted
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
    code, stale = 0, False
    print(f"{used}: instructions, recorded and now")
    for isa, counts in counted.items():
        for what, now in counts.items():
            before = record[used][isa].get(what, 0)
            worse = now > (1 + SLACK) * before
            better = now < (1 - SLACK) * before
            code |= worse
            print(f"{isa:<6}{what:<28}{before:>12.1f}{now:>12.1f}  {'WORSE' if worse else 'better' if better else 'ok'}")
            stale |= worse or better
    if stale:
        print(f"if that is as it should be: {sys.argv[0]} {osteon} --update")
    return code


if __name__ == "__main__":
    sys.exit(main())
