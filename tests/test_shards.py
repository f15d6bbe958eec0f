#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`--shard` and `osteon merge` as a user meets them: a cohort that is run in parts, in any order, killed or not, gives the
file that one run gives. Takes the path of osteon as its first argument."""
import os
import random
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
# What differs between two runs of the same: how long they took, on how many threads.
OF_THE_MACHINE = {"seconds_wall", "seconds_cpu", "threads"}
SUBJECTS = 7 * 64 + 5

MODEL = """
model one "bone that decays"
kind bone
index site = lumbar_spine, total_hip
covariate age [y] = 60 in 18..110 "age"
param loss = 0.02 [1/y] spread 0.5 "loss" @ "assumed: for a test"
param peak[site] = 1, 0.9 [g/cm2] "at the start" @ "assumed: for a test"
state B = 1 [1] "bone"
B' = -loss*B
output bmd[site] [g/cm2] = peak[site]*B "bone mineral density"
output shifted [1] = if age > 80 [y] then log(0*B - 1) else B "not a number in the old"
"""
EXPERIMENT = f"""
name: shards
title: shards
models: [one.model]
population:
  subjects: {SUBJECTS}
  seed: 7
  sampling: latin_hypercube
  covariates: {{age: {{distribution: normal, mean: 70 y, sd: 8 y, min: 40 y, max: 100 y}}}}
times: {{to: 24 month, every: 6 month}}
arms: {{none: {{}}, again: {{}}}}
"""


def contents(path):
    """Everything in a result file but what is of the machine."""
    found = {}

    def keep(name, thing):
        for key, value in thing.attrs.items():
            if key not in OF_THE_MACHINE and key not in ("REFERENCE_LIST", "DIMENSION_LIST"):
                found[name, key] = np.array(value)
        if isinstance(thing, h5py.Dataset):
            found[name] = thing[()]

    with h5py.File(path) as file:
        keep("/", file)
        file.visititems(keep)
    return found


class Program(unittest.TestCase):
    """A folder with an experiment and its models, here those of the cohort, and osteon in it."""
    files = {"one.model": MODEL, "e.yaml": EXPERIMENT,
             "two.model": MODEL.replace("model one", "model two").replace("-loss*B", "-2*loss*B")}

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for name, text in self.files.items():
            self.write(name, text)

    def another_build(self):
        """The program with another fingerprint of its sources."""
        sources = self.osteon("--version").split()[-1]
        with open(OSTEON, "rb") as file:
            program = file.read()
        self.assertEqual(program.count(sources.encode()), 1)
        other = sources.translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
        with open(self.path("another"), "wb") as file:
            file.write(program.replace(sources.encode(), other.encode()))
        os.chmod(self.path("another"), 0o755)
        return (self.path("another"),)

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), "w", encoding="utf-8") as file:
            file.write(text)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def osteon(self, *words, code=0, program=(OSTEON,)):
        done = subprocess.run([*program, *words], cwd=self.folder.name, capture_output=True, text=True, check=False,
                              timeout=300)
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done.stdout + done.stderr

    def killed(self, delay, *words):
        """Begin r.h5 anew and kill that after so many seconds. @return whether it left a journal, which can be shown"""
        process = subprocess.Popen([OSTEON, *words, "-o", "r.h5", "--restart"], cwd=self.folder.name,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
        is_there = os.path.exists(self.path("r.h5.part"))
        if is_there:
            self.osteon("show", "r.h5.part")
        return is_there


class Shards(Program):
    def same(self, one, two):
        ours, theirs = contents(self.path(one)), contents(self.path(two))
        self.assertEqual(set(ours), set(theirs))
        for key, value in ours.items():
            np.testing.assert_array_equal(value, theirs[key], str(key))

    def shards(self, n, *words, command="run"):
        names = [f"part-{i}.h5" for i in range(1, n + 1)]
        for i, name in enumerate(names, 1):
            self.osteon(command, "e.yaml", *words, "--shard", f"{i}/{n}", "-o", name, "-q")
        return names

    def test_merged_equals_one_run(self):
        self.osteon("run", "e.yaml", "-o", "whole.h5", "-q")
        for n in 1, 2, 3, 8:
            names = self.shards(n, "-t", str(1 + n % 2))
            random.Random(n).shuffle(names)
            said = self.osteon("merge", *names, "-o", "merged.h5")
            self.assertIn(f"merged: {n} shard{'s' * (n > 1)}, {SUBJECTS} subjects\n", said)
            self.same("merged.h5", "whole.h5")

    @unittest.skipUnless(shutil.which("h5diff"), "h5diff is of hdf5-tools")
    def test_any_shards_in_any_order_by_h5diff(self):
        """1, 2, 7 and 64 shards, on one thread and two, their blocks in any order: nothing differs but times and threads."""
        draws, many = random.Random(5), ("-n", str(64 * 64 - 7), "--set", "times={to: 12 month, every: 12 month}")
        both = "--models", "one.model,two.model"
        for command, more in ("run", ()), ("compare", both):
            self.osteon(command, "e.yaml", *more, *many, "-o", "whole.h5", "-q", "-t", "2")
            for n in 1, 2, 7, 64:
                names = self.shards(n, *more, *many, "-t", str(draws.randint(1, 2)), command=command)
                for name in names:
                    self.shuffle_blocks(name, draws)
                draws.shuffle(names)
                self.osteon("merge", *names, "-o", "merged.h5", "-q", "--force")
                done = subprocess.run(["h5diff", "whole.h5", "merged.h5"], cwd=self.folder.name, capture_output=True,
                                      text=True, check=False)
                self.assertLess(done.returncode, 2, done.stderr)
                differ = set(re.findall(r"<(\S+) of </>>", done.stdout))
                self.assertLessEqual(differ, OF_THE_MACHINE, done.stdout)
                self.assertEqual(done.stdout.count(" differences found"), len(differ), done.stdout)

    def shuffle_blocks(self, name, draws):
        """Write the blocks of a journal in another order, as other threads would have."""
        with open(self.path(name), "rb") as file:
            data, at, records = file.read(), 0, []
        while at < len(data):
            magic, kind, _, length = struct.unpack_from("<4sIQQ", data, at)
            self.assertEqual(magic, b"OSJ1")
            end = at + 32 + length + -length % 8
            records.append((kind, data[at:end]))
            at = end
        blocks = [i for i, (kind, _) in enumerate(records) if kind == 4]
        order = draws.sample(blocks, len(blocks))
        probes = [record for kind, record in records if kind == 5] # stand before their block
        moved = [records[order[blocks.index(i)]][1] if i in blocks else record for i, (kind, record) in enumerate(records)
                 if kind != 5]
        first = next(i for i, (kind, _) in enumerate(r for r in records if r[0] != 5) if kind == 4)
        with open(self.path(name), "wb") as file:
            file.write(b"".join(moved[:first] + probes + moved[first:]))

    def test_more_shards_than_open_files(self):
        names = self.shards(8)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        subprocess.run([OSTEON, "merge", *names, "-o", "merged.h5", "-q"], cwd=self.folder.name, check=True,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8, hard)))

    def test_merged_comparison_equals_one(self):
        both = "--models", "one.model,two.model"
        self.osteon("compare", "e.yaml", *both, "-o", "whole.h5", "-q")
        names = self.shards(3, *both, command="compare")
        self.osteon("merge", *reversed(names), "-o", "merged.h5", "-q")
        self.same("merged.h5", "whole.h5")

    def test_comparison_on_one_instruction_set(self):
        both = "--models", "one.model,two.model", "--isa", "base"
        names = self.shards(2, *both, command="compare")
        self.osteon("merge", *names, "-o", "merged.h5", "-q")
        with h5py.File(self.path("merged.h5")) as file:
            self.assertEqual(file.attrs["isa"], b"base")
        said = self.osteon("compare", "e.yaml", *both[:3], "vax", "-o", "x.h5", code=2)
        self.assertIn("--isa: 'vax' is not available on this machine; the widest is", said)

    def test_shards_have_whole_blocks(self):
        said = [self.osteon("run", "e.yaml", "--shard", f"{i}/3", "-o", f"{i}.h5") for i in (1, 2, 3)]
        for words, n in zip(said, (128, 192, 133)): # blocks 2, 3, and 3 of which the last has 5 subjects
            self.assertIn(f"{n} subjects x 2 arms", words)
        error = "this tolerance and longest step against smaller ones"
        self.assertIn(error, said[0]) # measured on the first subjects of all
        self.assertNotIn(error, said[1])

    def test_gap_names_the_shards(self):
        self.shards(4)
        said = self.osteon("merge", "part-1.h5", "part-3.h5", "-o", "merged.h5", code=1)
        self.assertIn("shards 2, 4 of 4 are missing, not finished or damaged: run each as the others were run, with --shard 2/4 --resume and "
                      "so on, and merge again", said)
        self.assertFalse(os.path.exists(self.path("merged.h5")))

    def test_overlap(self):
        self.shards(2)
        self.osteon("run", "e.yaml", "--shard", "2/3", "-o", "other.h5", "-q")
        said = self.osteon("merge", "part-1.h5", "part-2.h5", "other.h5", "-o", "merged.h5", code=1)
        self.assertRegex(said, "other.h5: cannot be merged: its subjects from number (128|192) on are in part-1.h5 too; leave") # threads

    def test_another_run(self):
        self.shards(2)
        for words, why in ((("--seed", "8"), "cannot be merged: it was begun with overrides 'population.seed=8', expected ''"),
                           (("--seed", "8", "-n", "300"), "overrides 'population.seed=8; population.subjects=300', expected"),
                           (("--isa", "base"), "cannot be merged: it was begun with isa 'base', expected 'a")):
            self.osteon("run", "e.yaml", *words, "--shard", "2/2", "-o", "other.h5", "-q")
            self.assertIn(why, self.osteon("merge", "part-1.h5", "other.h5", "-o", "merged.h5", code=1))
            os.remove(self.path("other.h5"))
        self.write("one.model", MODEL.replace("0.02", "0.03"))
        self.osteon("run", "e.yaml", "--shard", "2/2", "-o", "other.h5", "-q")
        self.assertIn("model_text_one", self.osteon("merge", "part-1.h5", "other.h5", "-o", "merged.h5", code=1))

    def test_another_build(self):
        """Of the same version: it neither resumes, nor counts as complete, nor merges, and says why."""
        names = self.shards(2)
        self.osteon("run", "e.yaml", "-o", "whole.h5", "-q")
        other = self.another_build()
        why = "begun by another build of osteon"
        for words in (("run", "e.yaml", "--shard", "2/2", "-o", names[1], "--resume"),
                      ("run", "e.yaml", "-o", "whole.h5", "--resume"), ("merge", *names, "-o", "m.h5")):
            self.assertIn(why, self.osteon(*words, program=other, code=1))
        os.rename(self.path(names[1]), self.path(names[1] + ".part"))
        said = self.osteon("merge", *names, "-o", "m.h5", code=1)
        self.assertIn(f"{names[1]} is not finished: '{names[1]}.part' holds its finished blocks", said)
        self.assertIn(why, self.osteon("run", "e.yaml", "--shard", "2/2", "-o", names[1], "--resume", program=other, code=1))
        self.osteon("run", "e.yaml", "--shard", "2/2", "-o", names[1], "--restart", "-q", program=other)
        self.assertIn(why, self.osteon("merge", *names, "-o", "m.h5", code=1))

    def test_fingerprint_of_sources(self):
        """The same in a copy elsewhere and after a change of documentation; another after a change of engine or model."""
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
        for name in "src", "include", "models":
            shutil.copytree(os.path.join(root, name), self.path(name))
        shutil.copy(os.path.join(root, "CMakeLists.txt"), self.folder.name)

        def fingerprint():
            subprocess.run(["cmake", "-DOUT=" + self.path("sources.c"), "-P", self.path("src/fingerprint.cmake")], check=True)
            with open(self.path("sources.c"), encoding="utf-8") as file:
                return re.search(r'ost_sources\[\] = "([0-9a-f]{16})";', file.read()).group(1)

        def extend(name):
            with open(self.path(name), "a", encoding="utf-8") as file:
                file.write("\n")
        found = [fingerprint()]
        self.assertIn("sources " + found[0], self.osteon("--version"))
        for name in "src/README.md", "models/bone/aibl.md", "src/cli/main.c":
            extend(name)
            self.assertEqual(fingerprint(), found[0])
        for name in "src/solve/batch.c", "src/solve/methods.def", "include/osteon/version.h", "models/bone/aibl.model":
            extend(name)
            found.append(fingerprint())
        self.assertEqual(len(set(found)), 5)

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind shows a machine without AVX-512")
    def test_machine_without_the_instruction_set(self):
        """It merges what another one ran, and says what it cannot run."""
        if "(avx512)" not in self.osteon("--version"):
            self.skipTest("no AVX-512 on this machine")
        lacking = "valgrind", "-q", OSTEON
        self.osteon("run", "e.yaml", "-o", "whole.h5", "-q")
        names = self.shards(2)
        self.osteon("merge", *names, "-o", "merged.h5", "-q", program=lacking)
        self.same("merged.h5", "whole.h5")
        self.osteon("verify", "merged.h5", program=lacking)
        said = self.osteon("verify", "merged.h5", "--share", "1 %", program=lacking)
        self.assertRegex(said, "1 block of 64 subjects: equal")
        said = self.osteon("run", "e.yaml", "--shard", "1/2", "-o", names[0], "--resume", program=lacking, code=1)
        self.assertIn("isa 'avx512', expected 'avx2'; this machine does not have the former", said)

    def test_command_to_merge(self):
        """It can be pasted: the files as they are named by the one that was written."""
        os.mkdir(self.path("my shards"))
        for name in "{}.h5", "{}-of-3.h5", "my shards/a 0{}.h5", "shards-{}/h5.h5", "-{}.h5":
            for i in 1, 2, 3:
                os.makedirs(self.path(os.path.dirname(name.format(i))), exist_ok=True)
                said = self.osteon("run", "e.yaml", "--shard", f"{i}/3", "-o" + name.format(i))
            command = re.search(r"^next: +osteon (merge .*)$", said, re.M).group(1)
            subprocess.run(f"{OSTEON} {command} -q", shell=True, cwd=self.folder.name, check=True)
            os.remove(self.path("shards.h5"))
        for i, name, all_of_them in ((10, "a-10.h5", "a-1.h5 a-2.h5 a-3.h5 a-4.h5"), (3, "003.h5", "001.h5 002.h5"),
                                     (2, "b.h5", "b.h5 OTHERS -o"), (10, "run8of10.h5", "run8of10.h5 OTHERS -o")):
            said = self.osteon("run", "e.yaml", "-n", "700", "--shard", f"{i}/11", "-o", name)
            self.assertIn("osteon merge " + all_of_them, said)
            self.assertEqual("the files of the other 10 shards" in said, "OTHERS" in all_of_them)
        said = self.osteon("run", "e.yaml", "-n", "700", "--shard", "1/2", "-o", "half.h5")
        self.assertIn("OTHERS: the file of the other shard\n", said)

    def test_complete_with_failures(self):
        """What is complete ends with the code of what it holds."""
        self.write("one.model", MODEL.replace("B' = -loss*B", "B' = -loss*B + (if age > 80 [y] then log(-1*B) else 0)/1 [d]"))
        for words in ("-o", "whole.h5"), ("--shard", "1/2", "-o", "s.h5"):
            first = self.osteon("run", "e.yaml", *words, "-q", code=3)
            again = self.osteon("run", "e.yaml", *words, "--resume", code=3)
            self.assertIn("is complete; there is nothing to resume", again)
            self.assertIn(first.splitlines()[-1], again)

    def test_complete_comparison(self):
        """It is not computed again, whether it was merged or run at once; another one, or its first model, is refused."""
        both = "--models", "one.model,two.model"
        self.osteon("compare", "e.yaml", *both, "-o", "whole.h5", "-q")
        self.osteon("merge", *self.shards(2, *both, command="compare"), "-o", "merged.h5", "-q")
        for name in "whole.h5", "merged.h5":
            with open(self.path(name), "rb") as file:
                before = file.read()
            said = self.osteon("compare", "e.yaml", *both, "-o", name, "--resume")
            self.assertIn(f"{name} is complete; there is nothing to resume", said)
            for words in (("compare", "e.yaml", "--models", "two.model,one.model"), ("run", "e.yaml"),
                          ("compare", "e.yaml", *both, "--seed", "8")):
                self.assertIn("cannot be resumed: it was begun with", self.osteon(*words, "-o", name, "--resume", code=1))
            with open(self.path(name), "rb") as file:
                self.assertEqual(file.read(), before)

    def test_merge_needs_neither_experiment_nor_model(self):
        self.osteon("run", "e.yaml", "-o", "whole.h5", "-q")
        names = self.shards(2)
        os.remove(self.path("e.yaml"))
        os.remove(self.path("one.model"))
        self.osteon("merge", *names, "-o", "merged.h5", "-q")
        self.same("merged.h5", "whole.h5")

    def test_resume(self):
        names = self.shards(2)
        said = self.osteon("run", "e.yaml", "--shard", "2/2", "-o", names[1], "--resume")
        self.assertIn("is complete; there is nothing to resume", said)
        said = self.osteon("run", "e.yaml", "--shard", "1/2", "-o", names[1], "--resume", code=1)
        self.assertIn("it is of shard 2/2, not 1/2", said)
        # a part of a shard, as a kill leaves it, counts as far as it goes
        with open(self.path(names[1]), "rb") as file:
            whole = file.read()
        os.remove(self.path(names[1]))
        with open(self.path(names[1] + ".part"), "wb") as file:
            file.write(whole[:len(whole) * 3 // 4])
        said = self.osteon("merge", names[0], names[1] + ".part", "-o", "merged.h5", code=1)
        self.assertIn("shard 2 of 2 is missing, not finished or damaged: run it as the others were run, with --shard 2/2 --resume, and", said)
        self.osteon("run", "e.yaml", "--shard", "2/2", "-o", names[1], "--resume", "-q")
        self.osteon("run", "e.yaml", "-o", "whole.h5", "-q")
        self.osteon("merge", *names, "-o", "merged.h5", "-q")
        self.same("merged.h5", "whole.h5")

    def test_damaged(self):
        """A shard that lacks a block by one wrong bit: what is said to do makes it whole."""
        names = self.shards(2)
        with open(self.path(names[1]), "r+b") as file:
            file.seek(os.path.getsize(self.path(names[1])) // 2)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))
        self.assertIn("shard 2 of 2 is missing, not finished or damaged: run it", self.osteon("merge", *names, "-o", "m.h5", code=1))
        again = ("run", "e.yaml", "--shard", "2/2", "-o", names[1], "--resume")
        self.assertIn("part-2.h5: lacks blocks, so it was damaged; remove it, and the same command", self.osteon(*again, code=1))
        os.remove(self.path(names[1]))
        self.osteon(*again)
        self.osteon("merge", *names, "-o", "m.h5", "-q")

    def test_eight_runs_into_one_file(self):
        """One at a time writes; the others say who does, and change nothing."""
        words = [OSTEON, "run", "e.yaml", "-n", "6400", "--set", "solver.h_max=0.2 day", "-q"]
        subprocess.run([*words, "-o", "whole.h5"], cwd=self.folder.name, check=True)
        for locking in "TRUE", "FALSE":
            given = {**os.environ, "HDF5_USE_FILE_LOCKING": locking}
            runs = [subprocess.Popen([*words, "-o", "one.h5"], cwd=self.folder.name, env=given, stderr=subprocess.PIPE,
                                     text=True) for _ in range(8)]
            ends = [(run.communicate(timeout=300)[1], run.returncode) for run in runs]
            self.assertEqual({code for _, code in ends}, {0, 4}, ends)
            for error, code in ends:
                if code == 4:
                    self.assertRegex(error, r"one.h5.part: another run is writing to it: process \d+ on .*, since 20")
            self.same("one.h5", "whole.h5")
            os.remove(self.path("one.h5"))
            self.assertEqual(sorted(os.listdir(self.folder.name)), ["e.yaml", "one.model", "two.model", "whole.h5"])

    def test_dry_run_says_what_it_takes(self):
        """Bytes of the file within a third: chunks are packed as they will be; a cohort alike is 100 times as large."""
        self.osteon("run", "e.yaml", "-o", "whole.h5", "-q")
        said = self.osteon("run", "e.yaml", "--dry-run", "--shard", "1/3")
        wrong = self.osteon("run", "e.yaml", "--dry-run", "--shard", "9/9", code=1)
        self.assertIn("9 shards of 8 blocks of 64 subjects; expected at most 8 shards", wrong)
        self.assertRegex(said, r"\nmeasured   453 subjects in [\d.e-]+ s of a processor, ")
        size, unit, most = re.search(
            r"file ([\d.]+) (k?B), ([\d.]+) MB of disk until it is written; memory [\d.]+ MB", said).groups()
        self.assertEqual(unit, "kB")
        self.assertAlmostEqual(float(size) * 1000 / os.path.getsize(self.path("whole.h5")), 1, delta=0.34)
        self.assertRegex(said, r"in 3 shards \(--shard I/3\): [\d.e-]+ s of a processor and [\d.]+ kB each")
        done = subprocess.run([OSTEON, "run", "e.yaml", "-o", "full.h5", "-q"], cwd=self.folder.name, text=True,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**21, 2**21)),
                              stderr=subprocess.PIPE, check=False)  # of a file that cannot be written: journal and room
        taken = float(re.search(r"([\d.]+) MB cannot be written", done.stderr)[1]) + \
            os.path.getsize(self.path("full.h5.part")) / 1e6
        self.assertAlmostEqual(float(most) / taken, 1, delta=0.05)
        large = self.osteon("run", "e.yaml", "-n", "45300", "--dry-run")
        more, unit = re.search(r"file ([\d.]+) ([kM]B), [\d.]+ [MG]B of disk", large).groups()
        self.assertAlmostEqual(float(more) * (1000 if unit == "MB" else 1) / float(size), 100, delta=15)

    def test_one_subject(self):
        """Of a latin hypercube, from its file: the same person, the same bits where the times meet, and all outputs."""
        self.osteon("run", "e.yaml", "--set", "outputs=[bmd]", "-o", "whole.h5", "-q")
        for words in ("whole.h5",), ("e.yaml",):
            self.osteon("run", *words, "--subject", "311", "-o", "one.h5", "-q")
            with h5py.File(self.path("whole.h5")) as whole, h5py.File(self.path("one.h5")) as one:
                self.assertEqual(list(one["subject"]), [311])
                self.assertIn("shifted", one)
                self.assertLessEqual(np.diff(one["time"][()]).max(), 7)
                at = np.searchsorted(one["time"][()], whole["time"][()])
                np.testing.assert_array_equal(one["time"][()][at], whole["time"][()])
                np.testing.assert_array_equal(one["bmd"][:, :, 0, at], whole["bmd"][:, :, 311])
                self.assertEqual(one["parameters/one.loss"][0], whole["parameters/one.loss"][311])
            os.remove(self.path("one.h5"))
        for number in "453", "-1", "x", "3 ", "":
            said = self.osteon("run", "whole.h5", f"--subject={number}", "-o", "one.h5", code=2)
            self.assertIn("is not the number of one of its subjects, 0 to 452", said)
        said = self.osteon("run", "e.yaml", "-n", "3", "--set", "population.first_subject=7", "-o", "one.h5", code=2)
        self.assertIn("'cohort' says how many there are", said)

    def test_show_of_a_running_job(self):
        """How far it is, who runs it, and the values so far, without a trace of it; so of a killed one and a shard."""
        words = [OSTEON, "run", "e.yaml", "-n", "64000", "--set", "solver.h_max=0.2 day", "-q", "-o", "one.h5", "-t", "1"]
        run = subprocess.Popen(words, cwd=self.folder.name)
        try:
            said = ""
            while "lumbar_spine" not in said and run.poll() is None:
                done = subprocess.run([OSTEON, "show", "one.h5.part", "--at", "24"], cwd=self.folder.name,
                                      capture_output=True, text=True, check=False)
                said = done.stdout
            self.assertIsNone(run.poll(), "it ended before it was shown")
            self.assertRegex(said, rf"one.h5.part: shards\nrunning: process {run.pid} on \S+, since 20..-..-.. ..:..:.. UTC\n"
                             r"finished: [\d,]+ of 1,000 blocks of 64 subjects \(\d+ %\)\n")
            self.assertRegex(said, r"so far [\d,]+ of\s64,000 subjects")
            self.assertEqual({name for name in os.listdir(self.folder.name) if name.startswith("one.h5")}, {"one.h5.part"})
            self.assertIsNone(run.poll(), "it was disturbed")
        finally:
            run.kill()
            run.wait()
        with open(self.path("one.h5.part"), "rb") as file:
            before = file.read()
        self.assertIn(f"\nstopped: it was process {run.pid} on ", self.osteon("show", "one.h5.part"))
        with open(self.path("one.h5.part"), "rb") as file:
            self.assertEqual(file.read(), before)
        names = self.shards(2)
        said = self.osteon("show", names[1], "--csv", "shard.csv")
        self.assertRegex(said, r"\ncomplete: by process \d+ on .*\nshard 2 of 2; finished: 4 of 4 blocks of 64 subjects \(100 %\)")
        self.assertIn("so far 197 of 453 subjects", said)
        self.osteon("merge", *names, "-o", "m.h5", "-q")
        self.osteon("compare", "e.yaml", "--models", "one.model,two.model", "--shard", "1/2", "-o", "c.h5", "-q")
        said = self.osteon("show", "c.h5", "--at", "24")
        self.assertIn("finished: 8 of 8 blocks", said)
        self.assertIn("medians of 2 models", said)

    def test_inputs_are_left_alone(self):
        self.shards(2)
        said = self.osteon("merge", "part-1.h5", "part-2.h5", "-o", "part-1.h5", "--force", code=2)
        self.assertIn("merge: -o: 'part-1.h5' is one of the shards; name another file", said)
        os.symlink("part-2.h5", self.path("link.h5"))
        self.osteon("merge", "part-1.h5", "link.h5", "-o", "whole.h5", "-q")
        self.assertIn("'whole.h5' is what is read", self.osteon("run", "whole.h5", "-o", "whole.h5", code=2))
        self.assertIn("'whole.h5' is what is read",
                      self.osteon("run", "whole.h5", "--subject", "3", "-o", "whole.h5", code=2))
        os.mkfifo(self.path("pipe.h5"))
        self.assertIn("not a shard", self.osteon("merge", "part-1.h5", "pipe.h5", "-o", "m.h5", code=1))
        self.osteon("run", "pipe.h5", "-o", "m.h5", code=4)

    def test_usage(self):
        for shard in "0/2", "3/2", "2", "1/2/3", "a/b", "-1/2", "1/ 2":
            said = self.osteon("run", "e.yaml", f"--shard={shard}", "-o", "x.h5", code=2)
            self.assertIn("is no part of a cohort, such as 2/8", said)
        said = self.osteon("run", "e.yaml", "--shard", "1/9", "-o", "x.h5", code=1)
        self.assertIn("9 shards of 8 blocks of 64 subjects; expected at most 8 shards", said)
        self.assertIn("-o OUT.h5 is missing", self.osteon("merge", "e.yaml", code=2))
        self.assertIn("not a shard of a run", self.osteon("merge", "e.yaml", "-o", "x.h5", code=1))
        self.assertIn("No such file", self.osteon("merge", "nothing.h5", "-o", "x.h5", code=1))
        self.assertIn("SHARD... is missing", self.osteon("merge", "-o", "x.h5", code=2))


if __name__ == "__main__":
    unittest.main()
