#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`scripts/fit-flagship` in a copy of the project: the report names files by their paths in it, wherever it stands."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIT = """#!/bin/sh
# the report of the last fit, then what was asked
cat configs/fit/flagship.txt
echo "next: $*"
"""


class FitFlagship(unittest.TestCase):
    def test_paths(self):
        with tempfile.TemporaryDirectory() as folder:
            for part in "scripts/fit-flagship", "configs/fit", "models":
                copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
                pathlib.Path(folder, part).parent.mkdir(exist_ok=True)
                copy(ROOT / part, pathlib.Path(folder, part))
            program = pathlib.Path(folder, "osteon")
            program.write_text(FIT, encoding="utf-8")
            program.chmod(0o755)
            report = (ROOT / "configs/fit/flagship.txt").read_text(encoding="utf-8")
            subprocess.run([pathlib.Path(folder, "scripts/fit-flagship"), "--osteon", "../osteon"], check=True,
                           cwd=pathlib.Path(folder, "scripts"), stdout=subprocess.DEVNULL, timeout=60)
            text = pathlib.Path(folder, "configs/fit/flagship.txt").read_text(encoding="utf-8")
        self.assertEqual(text.splitlines()[-1], "next: fit configs/fit/flagship.yaml -o configs/fit/flagship.csv --draws 200 "
                                                "--leave-out each")
        self.assertNotIn(folder, text)
        self.assertIn("hormones.t_ovary", report)


if __name__ == "__main__":
    unittest.main(argv=[__file__])
