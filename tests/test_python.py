#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python package of src/bindings/python: bits of the command line, errors, threads, Ctrl-C, memory, every example of its
README. Takes the path of osteon as its first argument; the shared library stands beside it."""
import inspect
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing
import unittest

from package_under_test import OSTEON, PACKAGE

os.environ["PYTHONPATH"] = PACKAGE
try:
    import h5py
    import numpy as np
except ImportError:
    sys.exit(77)

import osteon  # noqa: E402
import test_sweep  # noqa: E402  its models and experiment

DOSE = "arms.treated.regimen.0.dose"
NAMES = ["one.loss", f"{DOSE} [mg]"]
WRONG = (
    ({"population.subjecs": 3}, "unknown key 'subjecs' (did you mean 'subjects'?)"),
    ({"times": "{to: 2 yeer, every: 1 year}"}, "did you mean 'year"),
    ({"arms.treated.regimen.0.dose": 2}, "has no unit of mass; write one, for example 5 mg"),
    ({"parameters.one.los": "0.02 1/y"}, "did you mean 'loss'?"),
    ({"parameters.one.loss": "9 1/y"}, "outside its range 0.001..0.5"),
    ({"models": ["./nine.model"]}, "nine.model"),
    ({"subjects": 0}, "population.subjects"),
    ({"threads": -1}, "threads is -1; expected a whole number up to 65536"),
    ({"threads": 2**32 + 1}, "threads is 4294967297; expected a whole number up to 65536"),
    ({"threads": 1.5}, "threads is 1.5; expected a whole number up to 65536"),
)
WRONG_ROWS = (
    ([[0.02, 1]], ["one.loss"], "theta has shape (1, 2); expected [n, 1]"),
    ([0.02], "one.loss", "theta has shape (1,); expected [n, 8]"),
    ([[[0.02]]], ["one.loss"], "theta has shape (1, 1, 1)"),
    ([[0.02, 0.02]], ["one.loss", "one.loss"], "names has one twice: one.loss, one.loss"),
    ([[0.02], [float("nan")]], ["one.loss"], "theta[1, 0] is nan for 'one.loss'; expected a finite number"),
    ([[0.02]], ["one.los"], "'one.los' is neither a parameter nor an entry with its unit"),
    ([[0.02]], ["one.los"], "(did you mean 'one.loss'?)"),
    ([[0.02]], ["loss"], "'loss' is neither a parameter"),
    ([[0.02], [9]], ["one.loss"], "theta[1]: test.yaml: parameter 'one.loss' = 9 1/y is outside its range 0.001..0.5"),
    ([[2]], [DOSE], "theta[0]: test.yaml:"),
    ([[3]], ["population.subjects"], "theta[0]: gives other arms, outputs, times or subjects"),
    ([[2]], ["arms.treatd.regimen.0.dose [mg]"], "unknown key 'treatd' (did you mean 'treated'?)"),
)


class Python(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        for name, text in test_sweep.FILES.items():
            with open(name, "w", encoding="utf-8") as out:
                out.write(text)

    def command(self, *words):
        subprocess.run([OSTEON, *words], check=True, capture_output=True)

    def file(self, *settings):
        """The result of the command line, as doubles."""
        self.command("run", "test.yaml", "-q", "-o", "a.h5", "--force", "--set", "results.precision=float64",
                     *(word for setting in settings for word in ("--set", setting)))
        return h5py.File("a.h5")

    def test_run_has_the_bits_of_the_command(self):
        for threads in 1, 2:
            ds = osteon.run("test.yaml", threads=threads, with_parameters=True, **{DOSE: "2 mg", "seed": 5})
            with self.file(f"{DOSE}=2 mg", "population.seed=5") as file:
                for name in "bmd", "marker", "status", "age", "time", "subject":
                    np.testing.assert_array_equal(ds[name].values, file[name][()], name)
                np.testing.assert_array_equal(ds["one.loss"].values, file["parameters/one.loss"][()])
                self.assertEqual(ds.bmd.dims, ("arm", "site", "subject", "time"))
                self.assertEqual(list(ds.site.values), [x.decode() for x in file["site"][()]])
                self.assertEqual(list(ds.arm.values), ["control", "treated"])
        self.assertEqual((ds.bmd.units, ds.bmd.long_name), ("g/cm2", "bone mineral density"))
        self.assertEqual((ds.time.units, ds.age.units), ("d", "year"))
        again = osteon.run("test.yaml", text=ds.attrs["experiment"])
        np.testing.assert_array_equal(again.bmd.values, ds.bmd.values)

    def test_numbers_of_subjects(self):
        """A part of a cohort has the numbers that its subjects have in the file, and of a table no subject behind its rows."""
        part = osteon.run("test.yaml", subjects=2, **{"population.first_subject": 17})
        with self.file("population.subjects=2", "population.first_subject=17") as file:
            np.testing.assert_array_equal(part.subject.values, file["subject"][()])
        self.assertEqual(part.subject.values.tolist(), [17, 18])
        with open("people.csv", "w", encoding="utf-8") as out:
            out.write("age [year]\n50\n60\n70\n")
        study = osteon._Study("test.yaml", None, ["population.people={table: people.csv}", "population.subjects=3"], {})
        call, sink = osteon._Call(1), osteon._library.Sink(lambda *_: 0)
        for first, n, said in ((0, 3, ""), (2, 1, ""), (3, 0, ""), (2, 2, "'n'"), (3, 1, "'n'"), (4, 0, "'first'"), (100, 3, "'first'")):
            code = osteon.library.ost_study_run(study.handle, first, n, sink, None, call.handle)
            self.assertEqual(code, -12 if said else 0, (first, n))
            self.assertIn(said, osteon.library.ost_call_error(call.handle, None, None).decode())

    def test_values_of_settings(self):
        """Whole numbers of any type, what numpy holds, any text; a zero byte ends none of them."""
        for subjects in 2, 2.0, np.int64(2), np.float64(2):
            self.assertEqual(osteon.run("test.yaml", subjects=subjects).sizes["subject"], 2)
        for label in "\N{GRINNING FACE}", np.str_("a: b"):
            self.assertEqual(osteon.run("test.yaml", **{"arms.control": {"label": label}}).arm_label.values[0], label)
        times = osteon.run("test.yaml", times=np.array(["1 year", "2 year"]), endpoints={}).time.values
        np.testing.assert_array_equal(times, [365.25, 730.5])
        for words, said in (({"subjects": "2\0 3"}, "a setting: not a text: a zero byte at 22"), ({"subjects": 2j}, "2j is no value"),
                            ({"text": "models: []\0"}, "test.yaml: not a text: a zero byte at 11"),
                            ({"model_texts": {"./a.model": "model\0"}}, "./a.model: not a text: a zero byte at 6")):
            with self.assertRaises(osteon.Error, msg=words) as raised:
                osteon.run("test.yaml", **words)
            self.assertIn(said, str(raised.exception))

    def test_names_that_a_result_has(self):
        model = test_sweep.FILES["two.model"].replace("model two", "model own").replace("haste", "0").replace("reads 0\n", "")
        for name in "status", "subject", "arm", "age":
            with self.assertRaises(osteon.Error) as raised:
                osteon.run("e.yaml", model_texts={"./own.model": model + f'output {name} [1] = 1 "x"\n'},
                           text="models: [own]\narms: {a: {}}\ntimes: [1 year]\npopulation: {subjects: 1, covariates: {age: 60 year}}\n")
            self.assertIn(f"two things of the result are named '{name}'", str(raised.exception))

    def test_without_xarray(self):
        sys.modules["xarray"] = None
        self.addCleanup(sys.modules.pop, "xarray")
        found = osteon.run("test.yaml")
        self.assertIsInstance(found, osteon.Result)
        sys.modules.pop("xarray")
        np.testing.assert_array_equal(found["bmd"], osteon.run("test.yaml").bmd.values)
        self.assertEqual(found.variables["bmd"].dims, ("arm", "site", "subject", "time"))
        self.assertEqual(list(found["arm"]), ["control", "treated"])
        sys.modules["xarray"] = None

    def test_failed_subjects(self):
        ds = osteon.run("test.yaml", models="[./pill.model, ./pole.model]", endpoints={}, **{DOSE: "50 mg"})
        self.assertGreater(ds.status.values[1].max(), 0)
        np.testing.assert_array_equal(np.isnan(ds.bmd.values[1, :, 1]), ds.status.values[1] > 0)

    def test_batch_has_the_bits_of_runs(self):
        model = osteon.Model("test.yaml")
        theta = np.array([[0.01, 0.5], [0.04, 2], [0.02, 1 / 3]])
        y = model.batch(theta, NAMES)
        self.assertEqual(y.shape, (3, 2, 3, test_sweep.SUBJECTS, 3))
        self.assertEqual(model.outputs, ["bmd[lumbar_spine]", "bmd[total_hip]", "marker"])
        self.assertEqual((model.arms, model.units), (["control", "treated"], ["g/cm2", "g/cm2", "1"]))
        self.assertEqual(model.parameters["one.loss"], (0.02, "1/y", "loss"))
        for threads in 1, 3:
            np.testing.assert_array_equal(model.batch(theta, NAMES, threads=threads), y)
        np.testing.assert_array_equal(model.batch(theta[1], NAMES), y[1])
        self.assertEqual(model.batch(np.empty((0, 2)), NAMES).shape, (0, *y.shape[1:]))
        for i, (loss, dose) in enumerate(theta):
            with self.file(f"parameters.one.loss={loss:.17g} 1/y", f"{DOSE}={dose:.17g} mg") as file:
                np.testing.assert_array_equal(y[i, :, :2], file["bmd"][()])
                np.testing.assert_array_equal(y[i, :, 2], file["marker"][()])

    def test_batch_equals_a_sweep(self):
        with open("points.csv", "w", encoding="utf-8") as out:
            out.write(f"parameters.one.loss [1/y],{DOSE} [mg]\n0.01,0.5\n0.03,1.7\n")
        self.command("sweep", "test.yaml", "--table", "points.csv", "-o", "s.h5", "-q", "--set", "results.precision=float64")
        y = osteon.Model("test.yaml").batch([[0.01, 0.5], [0.03, 1.7]], NAMES)
        with h5py.File("s.h5") as file:
            np.testing.assert_array_equal(y[:, :, :2], file["bmd"][()])

    def test_costs_no_more_than_a_sweep(self):
        """Rows of parameters, and of doses, of which the years before treatment are integrated once; processor time."""
        rng, rows = np.random.default_rng(1), 150
        for names, head, low, high in ((["aibl.k_C", "aibl.K_E"], "parameters.aibl.k_C [1/d],parameters.aibl.K_E [pmol/L]", [0.05, 30], [0.1, 60]),
                                       (["arms.anastrozole.regimen.0.dose [mg]"], "arms.anastrozole.regimen.0.dose [mg]", [0.5], [2])):
            theta, ratios = rng.uniform(low, high, (rows, len(names))), []
            np.savetxt("points.csv", theta, fmt="%.17g", delimiter=",", header=head, comments="")
            for _ in range(3):
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                self.command("sweep", "atac", "--table", "points.csv", "--threads", "2", "-o", "s.h5", "-q", "--force", "--set",
                             "population.subjects=2", "--keep", "endpoints", "--set", "endpoints={hip: {output: 'bmd[total_hip]', arm: anastrozole, to: 5 year}}")
                after, own = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
                y = osteon.Model("atac", subjects=2).batch(theta, names, threads=2)
                end = resource.getrusage(resource.RUSAGE_SELF)
                ratios.append((end.ru_utime + end.ru_stime - own.ru_utime - own.ru_stime) /
                              (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
            print(f"batch / sweep, {rows} rows of {', '.join(names)}: {min(ratios):.3f}")
            self.assertLess(min(ratios), 1.05)
            last = osteon.Model("atac", subjects=2).batch(theta[-1], names)
            np.testing.assert_array_equal(y[-1], last)  # as without rows before it

    def test_errors(self):
        for changes, said in WRONG:
            with self.assertRaises(osteon.Error, msg=changes) as raised:
                osteon.run("test.yaml", **changes)
            self.assertIn(said, str(raised.exception))
            self.assertLess(raised.exception.code, 0)
        with self.assertRaises(osteon.Error) as raised:
            osteon.run("x.yaml", text="models: [./one.model]\narms: {}\ntimes: [1 dayy]\n")
        self.assertRegex(str(raised.exception), r"^x\.yaml:3:\d+: ")
        self.assertEqual(raised.exception.line, 3)
        self.assertGreater(raised.exception.column, 0)
        for name, said in (("attac", "did you mean 'atac'?"), ("none.yaml", "none.yaml: cannot be opened: No such file")):
            with self.assertRaises(osteon.Error) as raised:
                osteon.run(name)
            self.assertIn(said, str(raised.exception))

    def test_name_as_it_is_written(self):
        self.assertEqual(osteon._find("ABCSG-18").rsplit("/", 1)[1], "abcsg18.yaml")

    def test_wrong_rows(self):
        model = osteon.Model("test.yaml", subjects=2)
        for theta, names, said in WRONG_ROWS:
            with self.assertRaises(osteon.Error, msg=names) as raised:
                model.batch(theta, names, threads=1)
            self.assertIn(said, str(raised.exception))

    def test_models_as_text(self):
        text = test_sweep.FILES["two.model"].replace("model two", "model own").replace("haste", "0").replace("reads 0\n", "")
        ds = osteon.run("e.yaml", model_texts={"./own.model": text}, subjects=2,
                        text="models: [own]\narms: {a: {}}\ntimes: [1 year]\npopulation: {subjects: 1, seed: 1}\n")
        self.assertEqual(ds.bmd.shape, (1, 2, 2, 1))

    def test_threads_of_python(self):
        """Eight threads on one model; another thread goes on while the library works."""
        model, found = osteon.Model("test.yaml", subjects=70), {}
        theta = np.linspace([0.01, 1], [0.05, 2], 6)
        expected = model.batch(theta, NAMES)
        threads = [threading.Thread(target=lambda i=i: found.update({i: model.batch(theta, NAMES, threads=2)})) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for i in range(8):
            np.testing.assert_array_equal(found[i], expected)
        counts, ended = [0], threading.Event()

        def count():
            while not ended.wait(0.001):
                counts[0] += 1
        thread = threading.Thread(target=count)
        thread.start()
        osteon.run("test.yaml", subjects=60000, outputs="[marker]")
        ended.set()
        thread.join()
        self.assertGreater(counts[0], 10)

    def test_ctrl_c(self):
        for call in ('osteon.run("test.yaml", subjects=5000000, outputs="[marker]", times="[1 day]", endpoints={})',
                     'osteon.Model("test.yaml", subjects=2).batch([[0.02]] * 100000, ["one.loss"])'):
            code = ("import osteon, sys\nprint('begins', flush=True)\ntry:\n    " + call +
                    "\nexcept KeyboardInterrupt:\n    print('stopped')\n")
            with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
                self.assertEqual(child.stdout.readline(), "begins\n")
                time.sleep(2)
                child.send_signal(signal.SIGINT)
                out, err = child.communicate(timeout=60)
            self.assertEqual((out, err, child.returncode), ("stopped\n", "", 0), call)

    def test_no_memory_is_lost(self):
        def most():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        model = osteon.Model("test.yaml", subjects=1)

        def use(n):  # studies, in calls of 10; and one that is refused for each call
            for _ in range(n // 10):
                model.batch([[0.02]] * 10, ["one.loss"], threads=1)
                with self.assertRaises(osteon.Error):
                    osteon.Model("test.yaml", subjecs=1)
        use(1000)
        before = most()
        use(10000)
        self.assertLess(most() - before, 1024)  # KB; a study is more than 10

    def test_documented(self):
        for thing in (osteon.run, osteon.Model, osteon.Model.batch, osteon.Result, osteon.Error, osteon.Variable):
            self.assertTrue(inspect.getdoc(thing), thing)
        for function in (osteon.run, osteon.Model.__init__, osteon.Model.batch):
            hints = typing.get_type_hints(function)
            self.assertEqual(set(inspect.signature(function).parameters) - {"self"}, set(hints) - {"return"})

    def test_missing_library(self):
        done = subprocess.run([sys.executable, "-c", "import osteon"], capture_output=True, text=True, check=False,
                              env={**os.environ, "OSTEON_LIBRARY": "/nowhere/libosteon.so.1"})
        self.assertIn("ImportError: the library of osteon cannot be loaded; install osteon, or set OSTEON_LIBRARY", done.stderr)

    def test_examples(self):
        with open(os.path.join(PACKAGE, "README.md"), encoding="utf-8") as file:
            examples = re.findall(r"```python\n(.*?)```", file.read(), re.S)
        self.assertEqual(len(examples), 4)
        for example in examples:
            done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), example)
            if "corrcoef" in example:  # of an input that matters
                self.assertGreater(float(done.stdout.splitlines()[-1]), 0.3)
        self.assertIn("did you mean 'anastrozole'?", done.stdout)
        self.assertGreater(os.path.getsize("hip.png"), 10000)

    def test_notebook(self):
        with open(os.path.join(PACKAGE, "osteon.ipynb"), encoding="utf-8") as file:
            cells = json.load(file)["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                              env={**os.environ, "MPLBACKEND": "Agg"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertGreater(os.path.getsize("notebook.png"), 10000)
        normal, low = map(float, done.stdout.splitlines()[0].split())  # % of hip BMD after five years
        self.assertLess(normal, low - 0.2)
        self.assertLess(low, 0)

    def test_examples_of_the_front_page(self):
        with open(os.path.join(PACKAGE, "..", "..", "..", "README.md"), encoding="utf-8") as file:
            examples = re.findall(r"```python\n(.*?)```", file.read(), re.S)
        self.assertEqual(len(examples), 2)
        self.command("run", "atac", "--subjects", "20", "-q", "-o", "atac.h5")
        for example in examples:
            done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), example)


if __name__ == "__main__":
    unittest.main()
