#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call of osteon that changes a file goes wrong once, in every way of faults.c; then the command is given again
with --resume. Each time the result has to equal that of an unbroken run, and no record that was finished may be computed
again. Then runs that are killed at any moment (--random), and flipped bits of a result, a journal and a shard, each of
which has to be refused, or to give the right values (--flips). Arguments: osteon and faults.so. Prints tables."""
import argparse
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.argv, ARGUMENTS = sys.argv[:1], sys.argv[1:]
import test_shards as cohort # noqa: E402  its model, its experiment, and what of two files has to be equal

cohort.OF_THE_MACHINE.add("n_resumed")
BLOCK = 64
SUBJECTS = 16 * BLOCK
HEAD = struct.Struct("<4sIQQII")  # of a record (src/journal/record.h)
KIND_BLOCK = 4
FAULTS = "kill", "torn", "power", "eio", "enospc", "short"


def finished(path):
    """Subjects in whole blocks of a journal."""
    if not path.exists():
        return 0
    data, at, blocks = path.read_bytes(), 0, set()
    while at + HEAD.size <= len(data):
        magic, kind, key, length, _, _ = HEAD.unpack_from(data, at)
        at += HEAD.size + length + -length % 8
        if magic != b"OSJ1" or at > len(data):
            break
        if kind == KIND_BLOCK:
            blocks.add(key)
    return BLOCK * len(blocks)


class Scenario:
    """A command that makes out.h5 in a folder of its own."""

    def __init__(self, name, words, base, merges=False):
        self.name, self.words, self.base, self.merges = name, words, base, merges
        self.kept = 0  # most subjects that a loss of power left

    def command(self, folder, resume):
        words = [word.replace("FOLDER", str(folder)) for word in self.words]
        return [OPTIONS.osteon, *words, "-o", str(folder / "out.h5"),
                *(["--resume"] if resume and not self.merges else [])]

    def run(self, folder, fault, resume=False, count=None):
        given = dict(os.environ)
        if fault:
            given |= {"LD_PRELOAD": str(OPTIONS.faults), "OSTEON_FAULT": fault, "OSTEON_FAULT_FOLDER": str(folder)}
            if count:
                given["OSTEON_FAULT_COUNT"] = str(count)
        return subprocess.run(self.command(folder, resume), cwd=self.base, env=given, capture_output=True, text=True,
                              check=False)

    def calls(self):
        with tempfile.TemporaryDirectory(dir=self.base) as folder:
            count = pathlib.Path(folder).with_suffix(".count")
            self.run(pathlib.Path(folder), "count", count=count)
            return int(count.read_text())


def same(one, two):
    if not one.read_bytes().startswith(b"\211HDF"):  # a shard: blocks are in the order in which threads finish them
        return finished(one) == finished(two)
    ours, theirs = cohort.contents(one), cohort.contents(two)
    return set(ours) == set(theirs) and all(cohort.np.array_equal(ours[k], theirs[k], equal_nan=ours[k].dtype.kind == "f")
                                            for k in ours)


def attempt(scenario, fault, n, reference):
    """@return None, or what is wrong."""
    with tempfile.TemporaryDirectory(dir=scenario.base) as name:
        folder = pathlib.Path(name)
        out, part = folder / "out.h5", folder / "out.h5.part"
        first = scenario.run(folder, f"{fault}:{n}")
        if fault == "short" and first.returncode != 0:
            return f"a short write ends the run with {first.returncode}: {first.stderr.strip()}"
        if first.returncode not in (0, -9, 4):
            return f"exit code {first.returncode}: {first.stderr.strip()}"
        if first.returncode == 4 and not first.stderr.strip():
            return "no message"
        kept = finished(part)
        if fault == "power":
            scenario.kept = max(scenario.kept, kept)
        if first.returncode != 0:
            again = scenario.run(folder, None, resume=True)
            resumed = re.search(r"resumed: ([\d,]+) subjects", again.stdout)
            found = int(resumed[1].replace(",", "")) if resumed else 0
            if again.returncode != 0:
                return f"not resumed, {again.returncode}: {again.stderr.strip()}"
            if kept > found and not scenario.merges and "is complete" not in again.stderr:
                return f"{kept} subjects were finished, {found} were found again"
        if not out.exists() or not same(out, reference):
            return "another result"
        left = sorted(path.name for path in folder.iterdir() if path.name != "out.h5")
        return f"left behind: {left}" if left and first.returncode != 0 else None


def random_kills(base, whole):
    """@return the number of runs that were not finished by the same command."""
    draws, wrong, kills, runs = random.Random(OPTIONS.seed), 0, 0, 0
    words = [OPTIONS.osteon, "run", "e.yaml", "-o", "killed.h5", "-q", "-t", "2"]
    seconds = 1.0  # about as long as a run takes now: one that ends before its kill sets it
    while kills < OPTIONS.random:
        for path in base.glob("killed.h5*"):
            path.unlink()
        begin = time.monotonic()
        run = subprocess.Popen(words, cwd=base, stderr=subprocess.DEVNULL)
        try:
            run.wait(draws.random() * seconds)
            seconds = time.monotonic() - begin
        except subprocess.TimeoutExpired:
            run.kill()
            seconds *= 1.1
        kills += run.wait() == -9
        runs += 1
        again = subprocess.run([*words, "--resume"], cwd=base, capture_output=True, text=True, check=False)
        if again.returncode != 0 or not same(base / "killed.h5", whole):
            wrong += 1
            print(f"  {again.returncode}: {again.stderr.strip()}")
    print(f"random kills: {runs} runs, {kills} killed before their end, {wrong} wrong", flush=True)
    return wrong


def flips(base, whole):
    """One bit each, of a result (verify), a journal (--resume) and a shard (merge). @return how many were wrong"""
    draws, wrong = random.Random(OPTIONS.seed), 0
    result, shard = whole.read_bytes(), (base / "s1.h5").read_bytes()
    half = shard[:len(shard) // 2]
    kinds = {"result": (result, ["verify", "f.h5"], "f.h5"), "shard": (shard, ["merge", "f.h5", "s2.h5", "-o", "m.h5", "-q"], "f.h5"),
             "journal": (half, ["run", "e.yaml", "--shard", "1/2", "-o", "f.h5", "--resume", "-q"], "f.h5.part")}
    for kind, (data, words, name) in kinds.items():
        refused = right = 0
        for _ in range(OPTIONS.flips):
            at = draws.randrange(len(data))
            (base / name).write_bytes(data[:at] + bytes([data[at] ^ 1 << draws.randrange(8)]) + data[at + 1:])
            shown, done = (subprocess.run([OPTIONS.osteon, *w], cwd=base, capture_output=True, text=True, check=False)
                           for w in (["show", name], words))
            if kind == "result" and done.returncode != 0: # a run that is continued refuses it as well
                done = subprocess.run([OPTIONS.osteon, "run", "e.yaml", "-o", name, "--resume", "-q"], cwd=base,
                                      capture_output=True, text=True, check=False)
            if kind == "journal" and done.returncode == 0:
                subprocess.run([OPTIONS.osteon, *kinds["shard"][1]], cwd=base, check=False)
            made = base / "m.h5"
            if shown.returncode not in (0, 1, 2, 4):
                wrong += 1
                print(f"  {kind}, byte {at}: show ends with {shown.returncode}")
            elif done.returncode in (1, 2, 4) and done.stderr.strip():
                refused += 1
            elif done.returncode == 0 and (at >= len(data) - 24 if kind == "result" else made.exists() and same(made, whole)):
                right += 1
            else:
                wrong += 1
                print(f"  {kind}, byte {at}: {done.returncode} {done.stderr.strip()[:200]}")
            for path in ("f.h5", "f.h5.part", "m.h5"):
                (base / path).unlink(missing_ok=True)
        print(f"flips of a {kind}, {len(data)} bytes, seed {OPTIONS.seed}: {OPTIONS.flips} tried, {refused} refused, {right} right",
              flush=True)
    return wrong


def main():
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        OPTIONS.osteon = shutil.copy(OPTIONS.osteon, base / "osteon") # a build may replace it meanwhile
        (base / "one.model").write_text(cohort.MODEL)
        (base / "e.yaml").write_text(cohort.EXPERIMENT.replace(f"subjects: {cohort.SUBJECTS}", f"subjects: {SUBJECTS}"))
        for i in (1, 2):
            subprocess.run([OPTIONS.osteon, "run", "e.yaml", "--shard", f"{i}/2", "-o", f"s{i}.h5", "-q"], cwd=base, check=True)
        subprocess.run([OPTIONS.osteon, "run", "e.yaml", "-o", "whole1.h5", "-q"], cwd=base, check=True)
        run = ["run", "e.yaml"]
        scenarios = [Scenario("run, one thread", [*run, "-t", "1"], base), Scenario("run, two threads", [*run, "-t", "2"], base),
                     Scenario("shard 2 of 2", [*run, "--shard", "2/2", "-t", "1"], base),
                     Scenario("merge", ["merge", str(base / "s1.h5"), str(base / "s2.h5")], base, merges=True)]
        wrong = 0
        if OPTIONS.step:
            print(f"{'':18}{'calls':>7}" + "".join(f"{fault:>8}" for fault in FAULTS) + "   (tries that went wrong)")
        for scenario in scenarios if OPTIONS.step else []:
            whole = base / "whole"
            shutil.rmtree(whole, ignore_errors=True)
            whole.mkdir()
            scenario.run(whole, None)
            calls, row, said = scenario.calls(), [], []
            for fault in FAULTS:
                with concurrent.futures.ThreadPoolExecutor(OPTIONS.jobs) as pool:
                    tries = list(pool.map(lambda n: (n, attempt(scenario, fault, n, whole / "out.h5")),
                                          range(1, calls + 1, OPTIONS.step)))
                bad = [(n, why) for n, why in tries if why]
                row.append(len(bad))
                said += [f"  {fault}:{n}: {why}" for n, why in bad[:3]]
            if not scenario.merges and OPTIONS.step == 1 and scenario.kept < SUBJECTS // 4:
                wrong += 1
                said.append(f"  a loss of power leaves {scenario.kept} subjects at most: nothing is synchronised")
            print(f"{scenario.name:18}{calls:7}" + "".join(f"{n:8}" for n in row), *said, sep="\n" if said else "", flush=True)
            wrong += sum(row)
        wrong += random_kills(base, base / "whole1.h5") if OPTIONS.random else 0
        wrong += flips(base, base / "whole1.h5") if OPTIONS.flips else 0
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("osteon", type=os.path.abspath)
    parser.add_argument("faults", type=os.path.abspath)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--step", type=int, default=1, help="try every so-many-th call only; 0: none")
    parser.add_argument("--random", type=int, default=300, help="runs killed at any moment")
    parser.add_argument("--flips", type=int, default=2000, help="flipped bits of each kind of file")
    parser.add_argument("--seed", type=int, default=2, help="of the moments of --random and the bits of --flips")
    OPTIONS = parser.parse_args(ARGUMENTS)
    sys.exit(main())
