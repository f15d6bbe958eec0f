#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The R package of src/bindings/r: R CMD check, bits of the command line, data frames, errors, Ctrl-C, memory, the examples of
its README. Takes the path of osteon as its first argument."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "..", "src", "bindings", "r")
sys.path[:0] = [HERE]
if shutil.which("R") is None:
    print("test_r: skipped, there is no R; scripts/install-deps --dev installs r-base-core")
    sys.exit(77)
try:
    import h5py
    import numpy as np
except ImportError:
    sys.exit(77)

import test_sweep  # noqa: E402  its models and experiment

DOSE = "arms.treated.regimen.0.dose"
# Calls, and what the condition says.
WRONG = (
    ('osteon_run("test.yaml", population.subjecs = 3)', "unknown key 'subjecs' (did you mean 'subjects'?)"),
    ('osteon_run("test.yaml", times = "{to: 2 yeer, every: 1 year}")', "did you mean 'year"),
    (f'osteon_run("test.yaml", {DOSE} = 2)', "has no unit of mass; write one, for example 5 mg"),
    ('osteon_run("test.yaml", parameters.one.los = "0.02 1/y")', "did you mean 'loss'?"),
    ('osteon_run("test.yaml", models = c("./nine.model" = "model nine"))', "./nine.model:"),
    ('osteon_run("test.yaml", models = "model nine")', "a model has no name; write it as c("),
    ('osteon_run("test.yaml", models = list("./nine.model" = c("model nine", "x")))', "./nine.model:"),
    ('osteon_run("test.yaml", threads = -1)', "argument 'n' is NULL or out of range"),
    ('osteon_run("test.yaml", 3)', "a change has no name"),
    ('osteon_run("attac")', "did you mean 'atac'?"),
    ('osteon_run("none.yaml")', "none.yaml: cannot be opened: No such file"),
    ('osteon_batch(m, cbind(one.los = 1))', "'one.los' is neither a parameter nor an entry with its unit"),
    ('osteon_batch(m, cbind(one.los = 1))', "(did you mean 'one.loss'?)"),
    ('osteon_batch(m, cbind(loss = 1))', "'loss' is neither a parameter"),
    ('osteon_batch(m, cbind(one.loss = c(0.02, NaN)))', "theta[2, 1] is NaN for 'one.loss'; expected a finite number"),
    ('osteon_batch(m, cbind(one.loss = NA))', "theta is logical; expected numbers"),
    ('osteon_batch(m, matrix(1, 1, 2), "one.loss")', "theta has 2 columns; expected a matrix of numbers, a column for each of the 1"),
    ('osteon_batch(m, matrix(1, 1, 2), c("one.loss", "one.loss"))', "names has 'one.loss' twice"),
    ('osteon_batch(m, cbind(one.loss = c(0.02, 9)))',
     "theta[2, ]: test.yaml: parameter 'one.loss' = 9 1/y is outside its range 0.001..0.5"),
    ('osteon_batch(m, cbind(population.subjects = 3))', "theta[1, ]: gives other arms, outputs, times or subjects"),
)


class R(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """The package as R CMD check leaves it, built against an installed osteon."""
        cls.base = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.base.cleanup)
        base, prefix = cls.base.name, os.path.join(cls.base.name, "prefix")
        subprocess.run(["cmake", "--install", os.path.dirname(OSTEON), "--prefix", prefix], check=True, capture_output=True)
        found = [where for where, _, files in os.walk(prefix) if "osteon.pc" in files]
        os.makedirs(os.path.join(base, "src", "contrib"))  # a repository of no packages, as there may be no network
        for name, text in ("src/contrib/PACKAGES", ""), ("profile.R", f'options(repos = c(CRAN = "file://{base}"))\n'):
            with open(os.path.join(base, name), "w", encoding="utf-8") as out:
                out.write(text)
        cls.env = {**os.environ, "PKG_CONFIG_PATH": found[0], "R_LIBS": os.path.join(base, "osteon.Rcheck"),
                   "R_PROFILE_USER": os.path.join(base, "profile.R"), "LC_ALL": "C.UTF-8"}
        package = os.path.join(prefix, "share", "osteon", "r", "osteon")
        first = os.path.join(base, "first")  # builds the vignette of the other
        os.makedirs(first)
        subprocess.run(["R", "CMD", "INSTALL", "-l", first, package], env=cls.env, check=True, capture_output=True)
        cls.env["R_LIBS"] += os.pathsep + first
        build = subprocess.run(["R", "CMD", "build", package], cwd=base, env=cls.env, capture_output=True, text=True, check=True)
        archive = re.search(r"osteon_.*\.tar\.gz", build.stdout)[0]
        cls.check = subprocess.run(["R", "CMD", "check", "--no-manual", archive], cwd=base, env=cls.env, capture_output=True,
                                   text=True, check=False).stdout

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        for name, text in test_sweep.FILES.items():
            with open(name, "w", encoding="utf-8") as out:
                out.write(text)

    def r(self, code):
        """What R prints."""
        done = subprocess.run(["Rscript", "-e", "library(osteon)\n" + code], env=self.env, capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), code)
        return done.stdout

    def file(self, *words):
        """The result of a command, as doubles."""
        subprocess.run([OSTEON, *words, "-q", "-o", "a.h5", "--force", "--set", "results.precision=float64"], check=True,
                       capture_output=True)
        return h5py.File("a.h5")

    def test_check(self):
        self.assertTrue(self.check.rstrip().endswith("Status: OK"), self.check)
        self.assertIn("checking re-building of vignette outputs ... OK", self.check)
        with open(os.path.join(self.base.name, "osteon.Rcheck", "osteon", "doc", "osteon.html"), encoding="utf-8") as file:
            vignette = file.read()
        self.assertEqual(vignette.count("<svg"), 1)
        self.assertRegex(vignette, r"50%\s+0 +-\d\.\d+ +-\d\.\d+\n")
        version = subprocess.run([OSTEON, "--version"], capture_output=True, text=True, check=True).stdout
        with open(os.path.join(SOURCE, "osteon", "DESCRIPTION"), encoding="utf-8") as file:
            self.assertIn(re.search(r"^Version: (.*)$", file.read(), re.M)[1], version)

    def test_bits_of_the_command(self):
        self.r(f"""x <- osteon_run("test.yaml", {DOSE} = "2 mg", seed = 5, parameters = TRUE)
            stopifnot(identical(names(dimnames(x$bmd)), c("arm", "site", "subject", "time")))
            stopifnot(attr(x, "units")[["bmd"]] == "g/cm2", attr(x, "units")[["age"]] == "year")
            writeBin(as.vector(aperm(x$bmd, 4:1)), "bmd"); writeBin(as.vector(aperm(x$marker, 3:1)), "marker")
            writeBin(x$covariates$age, "age"); writeBin(x$parameters[["one.loss"]], "loss")
            frame <- as.data.frame(x)
            stopifnot(identical(frame$bmd_total_hip[frame$arm == "treated" & frame$subject == 3],
                                unname(x$bmd["treated", "total_hip", "3", ])))
            stopifnot(identical(frame$marker[frame$time == 0 & frame$arm == "control"], unname(x$marker["control", , 1])))
            stopifnot(identical(frame$age[frame$subject == 2][1], x$covariates$age[3]), nrow(frame) == length(x$marker))
            stopifnot(basename(osteon:::find_experiment("ABCSG-18")) == "abcsg18.yaml")
            again <- osteon_run("test.yaml", text = attr(x, "experiment"))
            stopifnot(identical(again$bmd, x$bmd))""")
        with self.file("run", "test.yaml", "--set", f"{DOSE}=2 mg", "--set", "population.seed=5") as file:
            for name, data in (("bmd", "bmd"), ("marker", "marker"), ("age", "age"), ("loss", "parameters/one.loss")):
                np.testing.assert_array_equal(np.fromfile(name), file[data][()].ravel(), name)

    def test_subjects_and_names(self):
        """The numbers of subjects are those of the file; lists are mappings; no name takes the place of another."""
        self.r("""x <- osteon_run("test.yaml", subjects = 2, population.first_subject = 17, times = list(to = "2 year", every = "1 year"),
                endpoints = "{}")
            stopifnot(identical(dimnames(x$bmd)$subject, c("17", "18")), identical(x$covariates$subject, c(17, 18)))
            stopifnot(identical(x$time, c(0, 365.25, 730.5)), unique(as.data.frame(x)$subject) == c(17, 18))
            own <- 'model own "x"\nkind bone\nstate x = 1 [1] "x"\nx\\' = -0.1 [1/d]*x\noutput NAME [1] = x "x"'
            for (name in c("status", "covariates", "age", "subject")) {
                said <- tryCatch(osteon_run("e.yaml", models = list("./own.model" = strsplit(sub("NAME", name, own), "\n")[[1]]),
                    text = "models: [own]\narms: {a: {}}\ntimes: [1 year]\npopulation: {subjects: 1, covariates: {age: 60 year}}"),
                    osteon_error = conditionMessage)
                stopifnot(grepl(sprintf("two things of the result are named '%s'", name), said, fixed = TRUE))
            }""")

    def test_batch_has_the_bits_of_a_sweep(self):
        with open("points.csv", "w", encoding="utf-8") as out:
            out.write(f"parameters.one.loss [1/y],{DOSE} [mg]\n0.01,0.5\n0.03,1.7\n0.02,{1 / 3:.17g}\n")
        self.r(f"""m <- osteon_model("test.yaml")
            theta <- cbind(one.loss = c(0.01, 0.03, 0.02), "{DOSE} [mg]" = c(0.5, 1.7, 1 / 3))
            y <- osteon_batch(m, theta)
            stopifnot(identical(y, osteon_batch(m, theta, threads = 1)), identical(y, osteon_batch(m, as.data.frame(theta,
                optional = TRUE), colnames(theta), threads = 3)), identical(y[2, , , , ], osteon_batch(m, theta[2, ])[1, , , , ]))
            stopifnot(identical(dim(osteon_batch(m, theta[0, ]))[1], 0L), subset(m$parameters, name == "one.loss")$unit == "1/y")
            writeBin(as.vector(aperm(y[, , 1:2, , ], 5:1)), "y")""")
        with self.file("sweep", "test.yaml", "--table", "points.csv") as file:
            np.testing.assert_array_equal(np.fromfile("y"), file["bmd"][()].ravel())

    def test_failed_subjects(self):
        self.r("""x <- osteon_run("test.yaml", text = sub("models: .*?\\n", "models: [./pill.model, ./pole.model]\\n",
                paste(readLines("test.yaml"), collapse = "\\n")), endpoints = "{}", arms.treated.regimen.0.dose = "50 mg")
            stopifnot(max(x$status["treated", ]) > 0)
            stopifnot(identical(unname(is.na(x$bmd["treated", , 2])), unname(x$status["treated", ] > 0)))""")

    def test_errors(self):
        calls = "".join(f'said(quote({call}))\n' for call, _ in WRONG)
        said = self.r('said <- function(call) cat(tryCatch({eval(call, globalenv()); "nothing"}, osteon_error = function(e)\n'
                      '    paste(e$code <= 0, gsub("\\n", " ", conditionMessage(e)))), "\\n")\n'
                      'm <- osteon_model("test.yaml", subjects = 2)\n' + calls).splitlines()
        self.assertEqual(len(said), len(WRONG))
        for line, (call, expected) in zip(said, WRONG):
            self.assertTrue(line.startswith("TRUE ") and expected in line, (call, line))
        place = self.r('e <- tryCatch(osteon_run("x.yaml", text = "models: [./one.model]\\narms: {}\\ntimes: [1 dayy]\\n"),\n'
                       '    error = identity)\ncat(class(e), e$line, e$column > 0, sub(":.*", "", conditionMessage(e)))')
        self.assertEqual(place, "osteon_error error condition 3 TRUE x.yaml")

    def test_ctrl_c(self):
        for call in ('osteon_run("test.yaml", subjects = 5e6, outputs = "[marker]", times = "[1 day]", endpoints = "{}")',
                     'osteon_batch(osteon_model("test.yaml", subjects = 2), cbind(one.loss = rep(0.02, 100000)))'):
            code = f'library(osteon)\ncat("begins\\n")\ntryCatch({call}, interrupt = function(e) cat("stopped\\n"))'
            with subprocess.Popen(["Rscript", "-e", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env=self.env) as child:
                self.assertEqual(child.stdout.readline(), "begins\n")
                time.sleep(2)
                child.send_signal(signal.SIGINT)
                out, err = child.communicate(timeout=60)
            self.assertEqual((out, err.strip(), child.returncode), ("stopped\n", "", 0), call)

    def test_no_memory_is_lost(self):
        lost = self.r("""most <- function() as.numeric(sub("\\\\D*(\\\\d+).*", "\\\\1", grep("VmHWM", readLines("/proc/self/status"),
                value = TRUE)))
            use <- function(n) for (i in seq_len(n)) {
                osteon_batch(m, cbind(one.loss = 0.02), threads = 1)
                try(osteon_model("test.yaml", subjecs = 1), silent = TRUE)
                if (i %% 50 == 0) gc()
            }
            m <- osteon_model("test.yaml", subjects = 1)
            use(100); before <- most(); use(300); cat(most() - before)""")
        self.assertLess(float(lost), 3000)  # KB; a study is more than 10

    def test_examples(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            examples = re.findall(r"```r\n(.*?)```", file.read(), re.S)
        with open(os.path.join(SOURCE, "..", "..", "..", "README.md"), encoding="utf-8") as file:
            examples += re.findall(r"```r\n(library\(osteon\).*?)```", file.read(), re.S)
        self.assertEqual(len(examples), 5)
        for example in examples:
            said = self.r(example)
            if "anastrozol." in example:
                self.assertIn("did you mean 'anastrozole'?", said)
        self.assertGreater(os.path.getsize("hip.png"), 3000)


if __name__ == "__main__":
    unittest.main()
