#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/slurm-array without Slurm: an `sbatch` that notes its words and runs the jobs here, an `scontrol` that notes
what is requeued, and an `osteon` that ends as a test wants. Takes the path of osteon as its first argument.
`scripts/prove slurm` is the same on a real Slurm."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else shutil.which("osteon")
SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "scripts" / "slurm-array"
EXPERIMENT = """
name: shards
models: [aibl, hormones]
population: {subjects: 300, seed: 7}
run_in: {start: -1 year}
times: {to: 2 month, every: 1 month}
outputs: [bmd]
arms: {none: {}}
"""

# Jobs are numbered from 40 on. Tasks run one after the other, from a copy of the file; one that is requeued runs again
# at once. The number of the array is also that of its last task, as in Slurm.
SBATCH = r'''
import json, os, pathlib, shutil, subprocess, sys
home = pathlib.Path(os.environ["STAND_IN"])
at = next(i for i, word in enumerate(sys.argv) if i > 0 and not word.startswith("-"))
given, script, words = sys.argv[1:at], sys.argv[at], sys.argv[at + 1:]
options = dict((word[2:].split("=", 1) + [""])[:2] for word in given)
merges = "--merge" in words
if merges and "refuse" in os.environ:
    sys.exit("sbatch: error: Batch job submission failed")
jobs = home / "jobs"
jobs.mkdir(exist_ok=True)
job = str(40 + len(list(jobs.iterdir())))
state = "COMPLETED"
shutil.copy(script, home / "slurm_script")
def run(log, **more):
    with open(log.replace("%%", "%"), "a") as out:
        return subprocess.run(["bash", home / "slurm_script", *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            env=os.environ | {"SLURM_JOB_ID": job} | more).returncode
if "dependency" in options:
    kind, of = options["dependency"].split(":")
    before = json.loads((jobs / of).read_text())["state"]
    assert kind == "afterok" and "kill-on-invalid-dep" in options
    state = "CANCELLED" if before != "COMPLETED" else "COMPLETED" if run(options["output"]) == 0 else "FAILED"
else:
    n = int(options["array"].split("-")[1])
    for i in range(1, n + 1):
        for restart in range(20):
            (home / "requeued").unlink(missing_ok=True)
            count = {"SLURM_RESTART_COUNT": str(restart)} if restart > 0 else {}
            code = run(options["output"].replace("%a", str(i)), SLURM_ARRAY_TASK_ID=str(i), SLURM_ARRAY_JOB_ID=job,
                SLURM_JOB_ID=job if i == n else str(100 + i), SLURM_CPUS_ON_NODE="3", **count)
            if not (home / "requeued").exists():
                break
            assert (home / "requeued").read_text() == f"{job}_{i}\n"
        if code != 0:
            state = "FAILED"
(jobs / job).write_text(json.dumps({"options": given, "words": words, "state": state}))
print(job + ";cluster")
'''
SCONTROL = '[ "$1" = requeue ] && [ $# -eq 2 ] && echo "$2" >"$STAND_IN/requeued"\n'
# Notes its words; then a file of the name of the shard, such as 2-of-3, is what to do instead of osteon, for all tries
# or for the first (1-2-of-3, removed).
WRAPPER = r'''
[ "$2" = "--dry-run" ] || { for word; do printf '%s\n' "$word"; done; echo; } >>"$STAND_IN/calls"
for word; do case "$word" in *.h5) out=$(basename "$word" .h5) ;; esac; done
if [ -f "$STAND_IN/first-$out" ]; then mv "$STAND_IN/first-$out" "$STAND_IN/now"; . "$STAND_IN/now"; fi
if [ -f "$STAND_IN/$out" ]; then . "$STAND_IN/$out"; fi
exec "$OSTEON" "$@"
'''


class SlurmArray(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()
        self.stand_in = self.folder / "stand_in"
        (self.folder / "bin").mkdir()
        self.stand_in.mkdir()
        self.script = self.folder / "slurm-array"
        shutil.copy(SCRIPT, self.script)
        self.program("sbatch", f"#!{sys.executable}\n{SBATCH}")
        self.program("scontrol", f"#!/bin/sh\n{SCONTROL}")
        self.program("scancel", '#!/bin/sh\necho "$@" >"$STAND_IN/cancelled"\n')
        self.program("osteon", f"#!/bin/sh\n{WRAPPER}")
        self.work = self.folder / "work of today"
        self.work.mkdir()
        (self.work / "my bone.yaml").write_text(EXPERIMENT, encoding="utf-8")

    def program(self, name, text):
        path = self.folder / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def array(self, *words, code=0, **environment):
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run([self.script, *words], cwd=self.work, capture_output=True, text=True, check=False,
                              env=os.environ | {"PATH": path, "STAND_IN": str(self.stand_in), "OSTEON": OSTEON} | environment)
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done.stdout + done.stderr

    def calls(self, *words):
        """Words of each call of osteon by a job that has these words."""
        text = (self.stand_in / "calls").read_text(encoding="utf-8")
        calls = [part.split("\n") for part in text.split("\n\n")[:-1]]
        return [call for call in calls if set(words) <= set(call) and "--dry-run" not in call]

    def jobs(self):
        return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((self.stand_in / "jobs").iterdir())]

    def states(self):
        return [job["state"] for job in self.jobs()]

    def log(self, name):
        return (self.work / "my bone.shards" / f"{name}.log").read_text(encoding="utf-8")

    def test_tasks_and_merge_give_what_one_run_gives(self):
        said = self.array("my bone.yaml", "3", "-o", "100% of all.h5", "--", "--isa", "base", "--set",
                          "arms.some={label: It's an arm}")
        self.assertIn("job 40: 3 shards of my bone.yaml; job 41 merges them into 100% of all.h5", said)
        self.assertIn(r"progress: squeue --array --jobs=40,41; tail -qn 1 100%\ of\ all.shards/*.log", said)
        self.assertEqual(self.states(), ["COMPLETED", "COMPLETED"])
        self.assertIn('{"event":"finished","subjects_done":108,', (self.work / "100% of all.shards" / "3.log").read_text())
        array, merge = self.jobs()
        self.assertIn("--requeue", array["options"])
        self.assertIn("--open-mode=append", array["options"])
        self.assertIn("--dependency=afterok:40", merge["options"])
        self.assertIn("--kill-on-invalid-dep=yes", merge["options"])
        subprocess.run([OSTEON, "run", "my bone.yaml", "--isa", "base", "--set", "arms.some={label: It's an arm}", "-q",
                        "-o", "whole.h5"], cwd=self.work, check=True, stdout=subprocess.DEVNULL)
        with h5py.File(self.work / "100% of all.h5") as merged, h5py.File(self.work / "whole.h5") as whole:
            np.testing.assert_array_equal(merged["bmd"][()], whole["bmd"][()])
            self.assertEqual(merged.attrs["overrides"], whole.attrs["overrides"])

    def test_words_of_tasks(self):
        self.program("osteon", f"#!/bin/sh\n{WRAPPER.replace('exec', 'exit 0; :')}")
        self.array("my bone.yaml", "2", "--sbatch", "--comment=two words", "--", "--subjects", "200")
        tasks = self.calls("--shard")
        self.assertEqual([call[call.index("--shard") + 1] for call in tasks], ["1/2", "2/2"])
        for i, call in enumerate(tasks, 1):
            self.assertEqual(call, ["run", "--threads", "3", "my bone.yaml", "--isa", "avx2", "--subjects", "200", "--shard",
                                    f"{i}/2", "-o", f"my bone.shards/{i}-of-2.h5", "--resume"])
        for job in self.jobs():
            self.assertIn("--comment=two words", job["options"])
        self.assertEqual(self.calls("merge")[-1][-2:], ["-o", "my bone.h5"])
        self.assertEqual(self.calls()[-1], self.calls("merge")[-1])
        self.array("my bone.yaml", "1", "--compare", "aibl,peterson2012", "--", "--allow-gaps", "--isa", "base")
        self.assertEqual(self.calls("compare")[0][3:], ["my bone.yaml", "--models", "aibl,peterson2012", "--isa", "base",
                         "--allow-gaps", "--shard", "1/1", "-o", "my bone.shards/1-of-1.h5", "--resume"])

    def end(self, how, first=True):
        """Let shard 2 of 3 end so, once or always. @return the calls of that shard"""
        (self.stand_in / f"{'first-' if first else ''}2-of-3").write_text(how, encoding="utf-8")
        self.array("my bone.yaml", "3", "--", "--isa", "base", "-q")
        return len(self.calls("2/3"))

    def test_killed_once(self):
        self.assertEqual(self.end("kill -9 $$"), 2)
        self.assertEqual(self.states(), ["COMPLETED", "COMPLETED"])
        self.assertIn("shard 2/3: osteon ended with exit code 137", self.log(2))
        self.assertEqual([len(self.calls(f"{i}/3")) for i in (1, 3)], [1, 1])

    def test_killed_always(self):
        self.assertEqual(self.end("kill -SEGV $$", first=False), 1 + 5)
        self.assertEqual(self.states(), ["FAILED", "CANCELLED"])
        self.assertIn("not requeued: 5 restarts, at most 5 are made", self.log(2))

    def test_last_task_is_requeued_alone(self):
        (self.stand_in / "first-3-of-3").write_text("kill -9 $$", encoding="utf-8")
        self.array("my bone.yaml", "3", "--", "--isa", "base", "-q")
        self.assertEqual(self.states(), ["COMPLETED", "COMPLETED"])

    def test_input_and_output_of_a_node(self):
        self.assertEqual(self.end("exit 4"), 2)
        self.assertEqual(self.states(), ["COMPLETED", "COMPLETED"])

    def test_stopped_by_slurm(self):
        for how in "kill -TERM $PPID; exit 130", "kill -TERM $PPID; kill -9 $$", "exit 130":
            (self.stand_in / "calls").unlink(missing_ok=True)
            self.assertEqual(self.end(how), 1, how)
            self.assertIn("osteon ended with exit code", self.log(2).splitlines()[-1]) # it was waited for
            self.assertEqual(self.states()[-2:], ["FAILED", "CANCELLED"])

    def test_errors_are_not_requeued(self):
        for code in 1, 2:
            (self.stand_in / "calls").unlink(missing_ok=True)
            self.assertEqual(self.end(f"exit {code}"), 1)
            self.assertEqual(self.states()[-2:], ["FAILED", "CANCELLED"])

    def test_same_command_continues(self):
        self.end("exit 1")
        self.array("my bone.yaml", "3", "--", "--isa", "base", "-q")
        self.assertEqual(self.states(), ["FAILED", "CANCELLED", "COMPLETED", "COMPLETED"])
        self.assertIn("1-of-3.h5 is complete; there is nothing to resume", self.log(1))

    def test_failed_subjects_are_no_failure_of_a_task(self):
        self.array("my bone.yaml", "2", "--", "--isa", "base", "--set", "solver.max_steps=3")
        self.assertIn("osteon ended with exit code 3", self.log(1))
        self.assertEqual(self.states(), ["COMPLETED", "COMPLETED"])

    def test_instruction_set_that_a_node_lacks(self):
        self.array("my bone.yaml", "1", "--", "--isa", "vax")
        self.assertEqual(len(self.calls("1/1")), 1)
        self.assertIn("--isa: 'vax' is not available on this machine; the widest is", self.log(1))
        self.assertEqual(self.states(), ["FAILED", "CANCELLED"])

    def test_osteon_of_the_build_tree_and_of_an_installation(self):
        (self.folder / "bin" / "osteon").unlink()
        for scripts, osteon in (("tree/scripts", "tree/build/release"), ("usr/share/osteon/scripts", "usr/bin")):
            for made in scripts, osteon:
                (self.folder / made).mkdir(parents=True)
            (self.folder / osteon / "osteon").write_text('#!/bin/sh\nexec "$OSTEON" "$@"\n', encoding="utf-8")
            (self.folder / osteon / "osteon").chmod(0o755)
            shutil.copy(SCRIPT, self.folder / scripts)
            self.script = self.folder / scripts / "slurm-array"
            self.array("my bone.yaml", "1", "--", "--isa", "base", "-q")
            self.assertIn(str(self.folder / osteon / "osteon"), self.jobs()[-1]["words"])
            self.assertEqual(self.states()[-2:], ["COMPLETED", "COMPLETED"])

    def test_merge_that_is_refused_cancels_the_array(self):
        self.assertIn("the merge was refused", self.array("my bone.yaml", "1", "--", "--isa", "base", "-q", code=1, refuse="1"))
        self.assertEqual((self.stand_in / "cancelled").read_text(encoding="utf-8"), "40\n")

    def test_usage(self):
        for words, why in (((), "usage: "), (("my bone.yaml",), "usage: "), (("my bone.yaml", "3", "4"), "usage: "),
                           (("my bone.yaml", "0"), "N: '0' is not a number of shards"),
                           (("my bone.yaml", "two"), "N: 'two' is not a number of shards"),
                           (("my bone.yaml", "2", "-o"), "-o needs a value"),
                           (("my bone.yaml", "2", "-o", "my bone.yaml"), "-o: 'my bone.yaml' does not end in .h5"),
                           (("my bone.yaml", "2", "--subjects", "9"), "unknown option --subjects; options of osteon follow --"),
                           (("my bone.yaml", "2", "--", "-o", "x.h5"), "-o is not an option of the tasks"),
                           (("my bone.yaml", "2", "--", "--threads=2"), "--threads=2 is not an option of the tasks"),
                           (("my bone.yaml", "2", "--", "--restart"), "--restart is not an option of the tasks"),
                           (("my bone.yaml", "2", "--", "--subjcts", "9"), "unknown option --subjcts (did you mean 'subjects'?)")):
            self.assertIn(why, self.array(*words, code=2))
        self.assertRegex(self.array("my bone.yaml", "1000", code=1), r"1000 shards of \d+ blocks of 64 subjects")
        self.assertIn("my bone.yml: there is no such file", self.array("my bone.yml", "2", code=1))
        self.assertFalse((self.stand_in / "jobs").exists())
        self.assertIn("usage: ", self.array("--help"))
        (self.folder / "bin" / "sbatch").unlink()
        if shutil.which("sbatch") is None:
            self.assertIn("sbatch is not on PATH", self.array("my bone.yaml", "2", code=1))


if __name__ == "__main__":
    unittest.main()
