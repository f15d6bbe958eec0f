#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every statement of the lessons of the page is true in the model, by `osteon run` of the lessons' experiments; the guess
and the answer that the page calls right are the expected ones. With a file name, what the page has to say is written to it.

usage: test_lessons.py OSTEON [TEXTS.json]     (scripts/prove page compares TEXTS with the page)"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py

HERE = Path(__file__).resolve().parent
SKIPPED = 77


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def result_of(path):
    """@return a result file as the page has it: {times, params, arms {arm {output: values}}} of its one subject"""
    with h5py.File(path) as file:
        names = [name for name, data in file.items() if isinstance(data, h5py.Dataset) and data.ndim >= 3]
        arms = {}
        for a, arm in enumerate(file["arm"][:]):
            outputs = arms[arm.decode()] = {}
            for name in names:
                data = file[name][a]
                if data.ndim == 3:
                    outputs.update({f"{name}[{site.decode()}]": data[s, 0].tolist() for s, site in enumerate(file["site"][:])})
                else:
                    outputs[name] = data[0].tolist()
        params = {name: float(data[()]) for name, data in file["parameters"].items() if data.ndim == 0}
        return {"times": file["time"][:].tolist(), "params": params, "arms": arms}


def main():
    osteon, texts = (sys.argv[1:] + [None])[:2]
    if shutil.which("node") is None:
        print("skipped: node is not installed (scripts/install-deps --page)")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run("node", HERE / "page/lessons.mjs", folder)
        files = sorted(folder.glob("*.yaml"))
        assert len(files) > 10
        for file in files:
            out = file.with_suffix(".h5")
            run(osteon, "run", file, "--set", "results.precision=float64", "--no-probe", "--quiet", "-o", out)
            file.with_suffix(".json").write_text(json.dumps(result_of(out)))
        run("node", HERE / "page/lessons.mjs", folder)
        said = (folder / "texts.json").read_text()
        assert len(json.loads(said)) == 6
        if texts:
            Path(texts).write_text(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
