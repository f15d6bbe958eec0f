#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trials as PEtab (version 2): a reader of its own checks what the specification asks of files, and simulates from models and
tables what osteon observes. Takes the path of osteon as its first argument; the shared library stands beside it."""
import csv
import os
import re
import subprocess
import sys
import tempfile
import unittest

from package_under_test import OSTEON, ROOT

try:
    import libsbml
    import numpy as np
    import sbml_reader
    import yaml
except ImportError as missing:
    print(f"test_petab: skipped, {missing}; scripts/install-deps --dev installs it")
    sys.exit(77)

import osteon  # noqa: E402

ID = re.compile(r"[A-Za-z_]\w*", re.A)
WORDS = {"exp", "log", "log10", "sqrt", "abs", "min", "max", "pow", "piecewise", "time", "inf"}
# Required and optional columns of PEtab 2.0.0.
COLUMNS = {
    "parameter": ("parameterId lowerBound upperBound nominalValue estimate", "parameterName priorDistribution priorParameters"),
    "observable": ("observableId observableFormula noiseFormula",
                   "observableName observablePlaceholders noiseDistribution noisePlaceholders"),
    "measurement": ("observableId experimentId measurement time",
                    "observableParameters noiseParameters datasetId replicateId modelId"),
    "condition": ("conditionId targetId targetValue", ""),
    "experiment": ("experimentId time conditionId", ""),
}
PRIORS = {"normal": 2, "log-normal": 2, "uniform": 2, "log-uniform": 2, "laplace": 2, "log-laplace": 2, "cauchy": 2, "gamma": 2,
          "exponential": 1, "chi-square": 1, "rayleigh": 1}


class Wrong(Exception):
    """A rule of the specification that a problem breaks."""


def need(holds, *what):
    if not holds:
        raise Wrong(*what)


def symbols(formula):
    return set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", formula)) - WORDS


class Problem:
    """A problem whose files obey the rules."""

    def __init__(self, folder):
        with open(os.path.join(folder, "problem.yaml"), encoding="utf-8") as file:
            head = yaml.safe_load(file)
        need(str(head.pop("format_version")) == "2.0.0", "version")
        self.models = {}
        for name, model in head.pop("model_files").items():
            need(ID.fullmatch(name) and set(model) == {"location", "language"} and model["language"] == "sbml", name, model)
            with open(os.path.join(folder, model["location"]), encoding="utf-8") as file:
                self.models[name] = sbml_reader.Model(file.read())
        self.tables = {}
        for kind, (required, optional) in COLUMNS.items():
            self.tables[kind] = rows = []
            for name in head.pop(f"{kind}_files"):
                with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
                    reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
                    need(set(required.split()) <= set(reader.fieldnames) <= set(f"{required} {optional}".split()), name)
                    rows.extend(reader)
            need(all(None not in row and None not in row.values() for row in rows), kind, "fields")
        need(not head, "unknown", head)
        self.check_models()
        self.check_parameters()
        self.check_observables()
        self.check_experiments()
        self.check_measurements()

    def ids(self, kind, unique=True):
        found = [row[f"{kind}Id"] for row in self.tables[kind]]
        need(all(ID.fullmatch(name) for name in found), kind, found)
        need(not unique or len(set(found)) == len(found), kind, "twice")
        return set(found)

    def check_models(self):
        for name, read in self.models.items():
            read.document.checkConsistency()
            errors = [read.document.getError(i) for i in range(read.document.getNumErrors())]
            need(not [e for e in errors if e.getSeverity() >= libsbml.LIBSBML_SEV_ERROR], name)

    def entities(self):
        """Of all models, those that are constant or differential, and all."""
        known, free = None, None
        for read in self.models.values():
            model = read.model
            names = {model.getParameter(i).getId() for i in range(model.getNumParameters())}
            ruled = {model.getRule(i).getVariable() for i in range(model.getNumRules()) if model.getRule(i).isAssignment()}
            known = names if known is None else known & names
            free = names - ruled if free is None else free & (names - ruled)
        return free, known

    def check_parameters(self):
        free, _ = self.entities()
        used = {name for row in self.tables["measurement"] for name in symbols(row.get("noiseParameters", ""))}
        for row in self.tables["parameter"]:
            name, low, high, nominal = row["parameterId"], *(float(row[f"{k}"]) for k in ("lowerBound", "upperBound", "nominalValue"))
            need(name in free | used, name, "is no constant of the models, and no measurement has it")
            need(np.isfinite([low, high, nominal]).all() and low <= nominal <= high and low < high, name, "bounds")
            need(row["estimate"] in ("true", "false"), name, "estimate")
            prior, numbers = row["priorDistribution"], row["priorParameters"]
            need(len([float(x) for x in numbers.split(";")] if numbers else []) == PRIORS.get(prior, 0) and
                 (prior in PRIORS or prior == ""), name, "prior")
            need(not prior.startswith("log-") or low > 0 or prior == "log-normal", name, "logarithm")
        need(used <= self.ids("parameter"), "parameters of measurements")

    def check_observables(self):
        _, known = self.entities()
        for row in self.tables["observable"]:
            need(row["observableId"] not in known, "is an entity of the models", row)
            holders = set(filter(None, row["noisePlaceholders"].split(";")))
            need(all(ID.fullmatch(name) for name in holders) and not holders & known, "placeholders")
            need(symbols(row["observableFormula"]) <= known, row["observableFormula"])
            need(symbols(row["noiseFormula"]) <= known | holders and holders <= symbols(row["noiseFormula"]), "noise")
            need(row["noiseDistribution"] in ("", "normal", "laplace", "log-normal", "log-laplace"), row)
        self.ids("observable")

    def check_experiments(self):
        free, known = self.entities()
        estimated, conditions, seen = self.ids("parameter"), self.ids("condition", unique=False), set()
        for row in self.tables["condition"]:
            need(row["targetId"] in free and row["targetId"] not in estimated, "target", row)
            need((row["conditionId"], row["targetId"]) not in seen, "target twice", row)
            seen.add((row["conditionId"], row["targetId"]))
            need(symbols(row["targetValue"]) <= known, row)
        self.ids("experiment", unique=False)
        times = [(row["experimentId"], float(row["time"])) for row in self.tables["experiment"]]
        need(len(set(times)) == len(times), "times of experiments")
        need({row["conditionId"] for row in self.tables["experiment"]} - {""} <= conditions, "conditions")

    def check_measurements(self):
        observables = {row["observableId"]: row for row in self.tables["observable"]}
        experiments = self.ids("experiment", unique=False)
        for row in self.tables["measurement"]:
            need(row["observableId"] in observables and row["experimentId"] in experiments and row["modelId"] in self.models, row)
            need(np.isfinite(float(row["measurement"])) and np.isfinite(float(row["time"])), row)
            first = min(float(e["time"]) for e in self.tables["experiment"] if e["experimentId"] == row["experimentId"])
            need(float(row["time"]) >= first, "before its experiment begins", row)
            holders = list(filter(None, observables[row["observableId"]]["noisePlaceholders"].split(";")))
            values = list(filter(None, row["noiseParameters"].split(";")))
            need(len(holders) == len(values), "noise", row)
            need(all(ID.fullmatch(v) or float(v) > 0 for v in values), "noise", row)

    def sources(self, row):
        """Formula of a measurement, and the time and the entity that each of its symbols has the value of."""
        formula = next(o["observableFormula"] for o in self.tables["observable"] if o["observableId"] == row["observableId"])
        sources = {name: (float(row["time"]), name) for name in symbols(formula)}
        for e in sorted(self.tables["experiment"], key=lambda e: float(e["time"])):
            if e["experimentId"] == row["experimentId"] and float(e["time"]) <= float(row["time"]):
                for c in self.tables["condition"]:
                    if c["conditionId"] == e["conditionId"] and c["targetId"] in sources:
                        sources[c["targetId"]] = float(e["time"]), c["targetValue"]
        return formula, sources

    def simulate(self, name):
        """What each measurement of a model is, at the model's own parameters."""
        rows = [self.sources(row) for row in self.tables["measurement"] if row["modelId"] == name]
        times = sorted({at for _, sources in rows for at, _ in sources.values()})
        names = sorted({of for _, sources in rows for _, of in sources.values()})
        values = self.models[name].run(np.array(times), names)  # values before events: as conditions and osteon have them
        return [eval(formula, {}, {symbol: values[names.index(of), times.index(at)]  # pylint: disable=eval-used
                                   for symbol, (at, of) in sources.items()}) for formula, sources in rows]


class Petab(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def command(self, *words, code=0):
        done = subprocess.run([OSTEON, *words], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, (words, done.stderr))
        return done.stdout + done.stderr

    def trial(self, name):
        return os.path.join(ROOT, "configs", "trials", f"{name}.yaml")

    def test_trials(self):
        """The rules; measurements are rows of the evidence with their errors; priors are those of the models."""
        for name, least in (("atac", 10), ("freedom", 4), ("aribon", 1)):
            with self.subTest(name):
                self.command("plan", self.trial(name), "--petab", name, code=0)
                problem = Problem(name)
                self.assertGreaterEqual(len(problem.tables["measurement"]), least)
                priors = {row["parameterId"]: row for row in problem.tables["parameter"]}
                self.assertEqual(priors["aibl_k_C"]["priorDistribution"], "log-normal")
                logit = priors["aibl_f_Q"]
                mean, sd = map(float, logit["priorParameters"].split(";"))
                self.assertEqual((logit["priorDistribution"], mean), ("normal", float(logit["nominalValue"])))
                self.assertAlmostEqual(sd, 0.5 * mean * (1 - mean), delta=1e-9)
                roles = {row["datasetId"].split(": ")[0] for row in problem.tables["measurement"]}
                self.assertEqual(roles, {"calibrate", "validate"}, name)

    def test_simulations(self):
        """Models and tables give the observations of osteon."""
        changes = {"solver.rtol": 1e-10, "solver.dosing": "exact", "run_in.start": "-2 year",
                   "arms.anastrozole.regimen.0.interval": "10 day", "arms.anastrozole.regimen.0.dose": "10 mg"}  # fewer events
        self.command("plan", self.trial("atac"), "--petab", "p", *(word for k, v in changes.items() for word in ("--set", f"{k}={v}")))
        problem = Problem("p")
        rows = problem.tables["measurement"]
        actual = problem.simulate("anastrozole")
        kept = [row for row in rows if row["modelId"] == "anastrozole"]
        self.assertGreater(len(kept), 3)
        begin = problem.models["anastrozole"].values["t_begin_"]
        starts = [float(e["time"]) + begin for e in problem.tables["experiment"] if e["experimentId"] == "anastrozole" and e["conditionId"]]
        times = sorted({round(t, 6) for t in starts + [float(row["time"]) + begin for row in kept]})
        model = osteon.Model(self.trial("atac"), subjects=1, times="[" + ", ".join(f"{t} day" for t in times) + "]",
                             **{**changes, "population.variability": "false", "population.eligible": "'age > 0 [y]'"})
        y = model.batch(np.empty((1, 0)), [])[0, model.arms.index("anastrozole"), :, 0]
        for row, value in zip(kept, actual):
            found = re.fullmatch(r"observed_(?:dxa_|aibl_)?(\w+?)_(lumbar_spine|total_hip|femoral_neck)_percent(_2)?", row["observableId"])
            at = y[model.outputs.index(f"{found[1]}[{found[2]}]")]
            change = 100*(at[times.index(round(float(row["time"]) + begin, 6))]/at[times.index(round(starts[bool(found[3])], 6))] - 1)
            self.assertAlmostEqual(value, change, delta=1e-6*abs(change))

    def test_example(self):
        """The command of the front page."""
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
            command = re.search(r"^    osteon (plan .* --petab \w+)$", file.read(), re.M)[1].split()
        self.assertIn(f"wrote {command[-1]}/problem.yaml: ", self.command(*command))
        Problem(command[-1])

    def test_wrong(self):
        self.command("plan", self.trial("atac"), "--petab", "p")
        self.assertIn("p/problem.yaml: File exists; name another folder, or delete this problem", self.command("plan", self.trial("atac"), "--petab", "p", code=4))
        self.assertIn("SBML cannot have doses that depend on visits", self.command("plan", self.trial("zfast"), "--petab", "q", code=1))
        with open("bare.yaml", "w", encoding="utf-8") as out:
            out.write("models: [hormones, aibl]\narms: {a: {}}\ntimes: [1 year]\n")
        self.assertIn("bare.yaml: --petab needs measurements, but the experiment names no rows under 'evidence'",
                      self.command("plan", "bare.yaml", "--petab", "q", code=1))
        self.assertFalse(os.path.exists("q"))
        for name, old, new in (("problem.yaml", "2.0.0", "1"), ("parameters.tsv", "\ttrue\t", "\tmaybe\t"),
                               ("conditions.tsv", "base_1_", "aibl_k_C"), ("measurements.tsv", "anastrozole", "anastrozol"),
                               ("observables.tsv", "base_1_", "base_9_")):
            with open(os.path.join("p", name), encoding="utf-8") as file:
                text = file.read()
            with open(os.path.join("p", name), "w", encoding="utf-8") as file:
                file.write(text.replace(old, new, 1))
            with self.assertRaises(Wrong, msg=name):
                Problem("p")
            with open(os.path.join("p", name), "w", encoding="utf-8") as file:
                file.write(text)


if __name__ == "__main__":
    unittest.main()
