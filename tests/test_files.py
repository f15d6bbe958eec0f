#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that commands write: names that are refused first, names by default, paths that can be pasted into a shell; and
what is kept of a run that is interrupted or resumed. Takes the path of osteon as its first argument; further words name
single tests."""
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
MODEL = """
model tiny "bone that decays"
kind bone
param k = 0.02 [1/y] spread 0.3 "loss rate" @ "assumed: for a test"
state B = 1 [1] scale 1 "bone"
B' = -k*B
output bmd [g/cm2] = 1 [g/cm2]*B "bone mineral density"
"""
EXPERIMENT = """
models: [./tiny.model]
population: {subjects: 4, seed: 7}
arms: {control: {}, other: {}}
times: {to: 24 month, every: 6 month}
"""


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("tiny.model", MODEL)
        self.write("tiny.yaml", EXPERIMENT)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def osteon(self, *words, code=0, **more):
        done = subprocess.run([OSTEON, *words], cwd=self.folder.name, capture_output=True, text=True, check=False,
                              timeout=100, **more)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def attributes(self, name):
        with h5py.File(self.path(name)) as file:
            return dict(file.attrs)

    def interrupt(self, *words, after=1.0, **more):
        """Seconds between a first Ctrl-C and the end, which comes with exit code 130; and what was printed."""
        child = subprocess.Popen([OSTEON, *words], cwd=self.folder.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, **more)
        time.sleep(after)
        begin = time.monotonic()
        child.send_signal(signal.SIGINT)
        try:
            out, err = child.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            self.fail(f"{words}: not ended 20 s after Ctrl-C")
        self.assertEqual(child.returncode, 130, out + err)
        return time.monotonic() - begin, out + err

    def test_names_are_refused_before_anything_is_computed(self):
        self.write("notes.csv", "my notes\n")
        self.write("notes.h5", "my notes\n")
        self.write("notes.html", "my notes\n")
        os.mkdir(self.path("folder"))
        os.mkdir(self.path("folder.h5"))
        os.mkfifo(self.path("pipe.h5"))
        long = "x" * 250
        commands = {  # an experiment or fit that is not there would be the next thing to be found
            ".h5": [["run", "no.yaml"], ["compare", "no.yaml", "-m", "aibl"]],
            ".html": [["validate", "--trials", "no"]],
            ".csv": [["fit", "no.yaml"]],
        }
        for ending, several in commands.items():
            others = [f"x{other}" for other in commands if other != ending]
            wrong = [*others, "", "-", "x", "x.png", ending, f"folder/{ending}", f"x{ending}.gz", f"x{ending.upper()}", "tiny.yaml",
                     "/dev/null"]
            for words in several:
                for name in wrong:
                    with self.subTest(words=words, name=name):
                        error = self.osteon(*words, "-o", name, code=2).stderr
                        self.assertIn(f"osteon: -o: '{name}' is not the name of ", error)
                        self.assertIn(f"which ends in {ending}", error)
                for name in "folder", ".", "folder.h5", "/":
                    with self.subTest(words=words, name=name):
                        error = self.osteon(*words, "-o", name, code=2).stderr
                        self.assertRegex(error, f"'{name}' is a folder; name a file in it, such as {name}/?NAME{ending}")
                with self.subTest(words=words):
                    self.assertRegex(self.osteon(*words, "-o", f"notes{ending}", code=2).stderr, "there and is not .*; it is not over")
                for name, part in ((f"nowhere/x{ending}", "No such file"), (f"tiny.yaml/x{ending}", "Not a directory"),
                                   (long + ending, "File name too long")):
                    with self.subTest(words=words, name=name):
                        self.assertIn(f"-o: {name}: cannot be written: {part}",
                                      self.osteon(*words, "-o", name, code=4).stderr)
        self.assertIn("pipe.h5: cannot be written: it is not a regular file",
                      self.osteon("run", "tiny.yaml", "-o", "pipe.h5", code=4).stderr)
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["folder", "folder.h5", "notes.csv", "notes.h5", "notes.html",
                                                                "pipe.h5", "tiny.model", "tiny.yaml"])

    def test_names_by_default(self):
        self.assertIn("written: tiny.h5 (", self.osteon("run", "tiny.yaml").stdout)
        again = self.osteon("run", "tiny.yaml")
        self.assertIn("replaces an earlier result of 'tiny': tiny.h5", again.stdout)
        self.osteon("run", "tiny.yaml", "--seed", "8")
        self.write("named.yaml", EXPERIMENT + "name: another\n")
        before = os.stat(self.path("tiny.h5")).st_ino
        error = self.osteon("run", "named.yaml", "-o", "tiny.h5", code=2).stderr
        self.assertIn("tiny.h5 is there, a result of the experiment 'tiny', not of 'another'; --force replaces it", error)
        with h5py.File(self.path("foreign.h5"), "w") as file:
            file["x"] = 1
        error = self.osteon("run", "tiny.yaml", "-o", "foreign.h5", code=2).stderr
        self.assertIn("foreign.h5 is there and is no result of osteon that can be read; --force replaces it", error)
        self.osteon("run", "tiny.yaml", "-o", "foreign.h5", "--force")
        os.symlink("foreign.h5", self.path("link.h5"))
        self.assertIn("link.h5: cannot be written: it is a symbolic link",
                      self.osteon("run", "tiny.yaml", "-o", "link.h5", "--force", code=4).stderr)
        self.write("notes.h5", "my notes")
        self.osteon("run", "tiny.yaml", "-o", "notes.h5", code=2)
        self.osteon("run", "tiny.yaml", "-o", "notes.h5", "--force")
        self.assertIn("run: -o OUT.h5 is missing: a result file is repeated into another one",
                      self.osteon("run", "tiny.h5", code=2).stderr)
        self.assertEqual(os.stat(self.path("tiny.h5")).st_ino, before)
        self.write("named.yaml", EXPERIMENT + "name: my/trial\n")
        self.assertIn("written: my_trial.h5 (", self.osteon("run", "named.yaml").stdout)
        self.write("two.model", MODEL.replace("tiny", "two"))
        self.assertIn("written: tiny_models.h5 (",
                      self.osteon("compare", "tiny.yaml", "-m", "./tiny.model,./two.model").stdout)
        self.osteon("run", "tiny.yaml", "--set", "name=other", "--dry-run")
        self.write("tiny2.h5", "my notes\n")
        self.assertIn("'tiny2.h5' is there and is not a result file",
                      self.osteon("run", "tiny.yaml", "--set", "name=tiny2", code=2).stderr)

    def test_printed_commands_can_be_pasted(self):
        for name in "two words.h5", "it's.h5", 'a "b" $HOME.h5', "-dash.h5", "~.h5", "a;b.h5", "ü.h5":
            with self.subTest(name):
                out = self.osteon("run", "tiny.yaml", f"--output={name}").stdout
                line = re.search(r"next: +osteon (show .*)", out)[1]
                shown = subprocess.run(f"{shlex.quote(OSTEON)} {line}", shell=True, cwd=self.folder.name, text=True,
                                       capture_output=True, check=False)
                self.assertEqual((shown.returncode, shown.stderr), (0, ""))
                words = shlex.split(out.splitlines()[-1])
                self.assertEqual((os.path.basename(words[0]), os.path.normpath(words[1])), ("osteon-plot", name))

    def test_interrupt_within_a_second(self):
        """One subject is one sequence of steps; they are looked between, of every stepper and phase of a run."""
        steps = "solver={h_max: 0.0005 day, max_steps: 1000000000000, stepper: %s}"
        for stepper in "rodas5p", "rodas4", "tsit5", "bs32", "gsl_msbdf", "gsl_rk8pd", "gsl_bsimp", "auto":
            with self.subTest(stepper):
                taken, text = self.interrupt("run", "tiny.yaml", "-n", "1", "-o", "x.h5", "--set", steps % stepper, "--set",
                                             "times={to: 100 year, every: 1 year}", after=0.5)
                self.assertLess(taken, 2, text)
                self.assertIn("interrupted before the first block of up to 64 subjects was finished; nothing is written", text)
        with self.subTest("history before treatment"):
            taken, text = self.interrupt("run", "tiny.yaml", "-n", "1", "-o", "x.h5", "--set", steps % "rodas5p", "--set",
                                         "run_in.start=-100 year", after=0.5)
            self.assertLess(taken, 2, text)
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["tiny.model", "tiny.yaml"])

    def test_interrupt_keeps_finished_blocks(self):
        words = ["run", "tiny.yaml", "-n", "3000", "-o", "out.h5", "-t", "1", "--set", "solver.h_max=0.1 day"]
        taken, text = self.interrupt(*words, "--progress", "json", after=1.5)
        self.assertLess(taken, 2)
        done = self.attributes("out.h5")["n_done"]
        self.assertTrue(0 < done < 3000, text)
        self.assertEqual(done % 64, 0)
        with h5py.File(self.path("out.h5")) as file:
            self.assertEqual(np.isfinite(file["bmd"][0, :, -1]).sum(), done)
        # progress goes on from there; sums and the summary are of the whole run
        finished = self.osteon(*words[:6], "-t", "2", *words[8:], "--progress", "json", "--resume")
        events = [json.loads(line) for line in finished.stderr.splitlines()]
        self.assertEqual((events[-1]["event"], events[-1]["subjects_done"], events[-1]["subjects"]), ("finished", 3000, 3000))
        self.assertTrue(all(done < event["subjects_done"] <= 3000 == event["subjects"] for event in events), events)
        self.assertEqual(events[-1]["seconds_left"], 0)
        self.osteon(*words[:4], "-o", "whole.h5", *words[6:])
        pieces, whole = self.attributes("out.h5"), self.attributes("whole.h5")
        for name in set(whole) - {"n_resumed", "threads", "seconds_wall", "seconds_cpu"}:
            np.testing.assert_array_equal(pieces[name], whole[name], name)
        self.assertEqual((pieces["threads"], pieces["n_resumed"]), (2, done))
        self.assertGreater(pieces["seconds_wall"], events[-1]["seconds"] + 1)
        self.assertIn("3,000 subjects x 2 arms in %.2f s on 2 threads" % pieces["seconds_wall"], finished.stdout)
        self.assertIn("%.1f steps of rodas5p per subject-arm" % (whole["steps"] / 6000), finished.stdout)


if __name__ == "__main__":
    sys.argv[1:] = [f"Files.{word}" for word in sys.argv[1:]]
    unittest.main()
