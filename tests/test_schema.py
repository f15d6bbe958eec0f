#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema of experiments: it holds every key of 'osteon list keys', accepts every experiment that osteon accepts
and refuses those that the table of keys refuses; its words are those that the readers know. Takes the path of osteon."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

try:
    import jsonschema
except ImportError:
    sys.exit(77)

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
CONFIGS = [path for path in glob.glob(os.path.join(ROOT, "configs", "**", "*.yaml"), recursive=True)
           if os.sep + "fit" + os.sep not in path]
WRONG = glob.glob(os.path.join(ROOT, "tests", "wrong_experiments", "*.yaml"))


class Yaml(yaml.SafeLoader):
    """YAML 1.2, as editors read it: of booleans true and false alone, and 1e-6 is a number."""
    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":float", ":timestamp"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


Yaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
Yaml.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(
    r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"), list("-+.0123456789"))


def osteon(*words):
    return subprocess.run([OSTEON, *words], capture_output=True, text=True, check=False)


SCHEMA = json.loads(osteon("list", "schema").stdout)


def members(node, path=""):
    """(path, schema) of every key below, with '-' for elements of lists and '*' for free names."""
    for part in [node, *node.get("anyOf", [])]:
        inner = [(key, value) for key, value in part.get("properties", {}).items()]
        inner += [("*", value) for value in part.get("patternProperties", {}).values()]
        inner += [("-", part["items"])] if "items" in part else []
        for key, value in inner:
            yield path + key, value
            yield from members(value, path + key + ".")


class Schema(unittest.TestCase):
    def wrong(self, path):
        """What the schema finds wrong with a file; None if it is no YAML that an editor would read as osteon does."""
        try:
            with open(path, encoding="utf-8") as file:
                tree = yaml.load(file, Yaml)
        except (yaml.YAMLError, UnicodeDecodeError):
            return None
        return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(tree)]

    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        self.assertEqual(SCHEMA["$schema"], "https://json-schema.org/draft/2020-12/schema")

    def test_every_key(self):
        keys = {}
        for line in osteon("list", "keys").stdout.splitlines():
            if not line.startswith(" "):
                path, *needed = line.split(" ")
            else:
                keys[re.sub(r"\b(MODEL\.PARAMETER|[A-Z]+)\b", "*", path)] = (bool(needed), line.strip())
        found = dict(members(SCHEMA))
        former = {path for path in found if found[path].get("deprecated")}
        self.assertEqual(former, {"arms.*.regimen.-.into", "arms.*.regimen.-.over"})
        self.assertEqual(set(found) - former, set(keys))
        self.assertGreater(len(found), 80)
        for path, (needed, text) in keys.items():
            self.assertEqual(found[path]["description"], text)
            above, _, key = path.rpartition(".")
            above = found[above] if above else SCHEMA
            required = [name for part in [above, *above.get("anyOf", [])] for name in part.get("required", [])]
            self.assertEqual(key in required, needed, path)

    def test_shipped_experiments(self):
        self.assertGreater(len(CONFIGS), 70)
        for path in CONFIGS:
            self.assertEqual(self.wrong(path), [], path)

    def test_wrong_experiments(self):
        """What the table of keys refuses: unknown and missing keys, wrong kinds, words that are none."""
        refused = re.compile(r"unknown key|is expected here, not|must be one of")
        caught = 0
        for path in WRONG:
            message = osteon("check", path).stderr
            wrong = self.wrong(path)
            # An empty text is no mapping to osteon; names of arms are not in the schema.
            missing = re.search(r"is missing here: (.*)", message)
            needed = missing and any(node["description"].startswith(missing[1]) for _, node in members(SCHEMA))
            if wrong is None or not (refused.search(message) or needed) or \
                    re.search(r"(compare\.0|endpoints\.loss)\.(arm|versus)", message):
                continue
            self.assertNotEqual(wrong, [], message)
            caught += 1
        self.assertGreater(caught, 20)
        numbers = {os.path.basename(path)[:-5] for path in WRONG if self.wrong(path)}
        self.assertLessEqual({"bare_number_of_time", "seed_negative", "rtol_with_unit",
                              "parameter_without_model", "flag_misspelt"}, numbers)

    def test_words(self):
        """Each word is accepted, and what is refused names exactly these."""
        def planned(setting):
            stepper = [] if setting.startswith("solver.stepper=") else ["--set", "solver.stepper=rodas5p"]
            return osteon("plan", "atac", "--set", setting, *stepper).stderr

        asked = "output: 'bmd[total_hip]', arm: anastrozole, to: 12 month"
        words = {path: node["enum"] for path, node in members(SCHEMA) if "enum" in node}
        self.assertGreater(len(words), 7)
        people = tempfile.NamedTemporaryFile("w", suffix=".csv")
        self.addCleanup(people.close)
        people.write("age [year]\n" + 10000*"60\n")
        people.flush()
        events = tempfile.NamedTemporaryFile("w", suffix=".csv")
        self.addCleanup(events.close)
        events.write("ID,TIME,AMT,weight\n1,0,1,70\n")
        events.flush()
        rows = f"events={{table: {events.name}, arm: anastrozole, time: day, amount: mg, cmt: {{1: {{into: anastrozole, " \
               f"lag: '0.1 [h]*weight/(70 [kg])'}}}}, covariates: {{weight: " "{unit: kg, interpolation: %s}}}"
        for path, choices in words.items():
            name = path.replace("*", "k_new")
            for word in choices:
                setting = f"{name}={word}"
                if path.endswith(".measure"):
                    setting = f"{name[:-8]}={{{asked}, measure: {word}}}"
                if path.endswith("people.rows"):
                    setting = f"{name[:-5]}={{table: {people.name}, rows: {word}}}"
                if path.endswith(".interpolation"):
                    setting = rows % word
                if path.endswith(".distribution"):
                    setting = f"{name[:-13]}={{distribution: {word}}}"
                message = planned(setting)
                # A distribution is given the keys that it needs, one by one as the message names them.
                for value in range(1, 9):
                    needed = re.search(rf"the distribution {word} needs (\w+)", message)
                    if not needed:
                        break
                    number = "[1, 2]" if needed[1] == "values" else value
                    setting = f"{setting[:-1]}, {needed[1]}: {number}}}"
                    message = planned(setting)
                said = [line for line in message.splitlines() if ": warning: " not in line]
                self.assertEqual(said, [], setting)
            wrong = f"{name}=nonsense" if "*" not in path else f"{name[:-13]}={{distribution: nonsense}}"
            if path.endswith("people.rows"):
                wrong = f"{name[:-5]}={{table: {people.name}, rows: nonsense}}"
            if path.endswith(".measure"):
                wrong = f"{name[:-8]}={{{asked}, measure: nonsense}}"
            if path.endswith(".interpolation"):
                wrong = rows % "nonsense"
            message = osteon("plan", "atac", "--set", wrong).stderr
            named = re.search(r"must be one of ([\w, ]+)", message)
            if named:
                self.assertEqual(set(re.findall(r"\w+", named[1])), {str(word) for word in choices}, path)
            else:  # a number
                self.assertTrue(all(isinstance(word, int) for word in choices), message)


if __name__ == "__main__":
    unittest.main()
