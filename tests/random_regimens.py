#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random regimens of all drugs, for `scripts/prove regimens SEED`: an implicit stepper in panels and an explicit one, every
dose given, agree; the error of BMD that a run prints of its dosing is at least a tenth of the true one. Arguments: osteon, a
seed, experiments."""
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import h5py
import numpy as np

OSTEON, SEED, N = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), int(sys.argv[3])
DRUG = re.compile(r"^  (\w+) +drug  .*\n +usual dose: ([\d.]+) (\w+), interval: ([^,;\n]+)(?:, duration: ([^;\n]+))?", re.M)
LISTED = subprocess.run([OSTEON, "list", "drugs"], capture_output=True, text=True, check=True).stdout
DRUGS = DRUG.findall(LISTED.split("models/published")[0])  # those of papers act on their own bone models
ONLY = {"women": {"testosterone_gel", "testosterone_injection"},
        "men": {"estradiol_oral", "estradiol_patch", "raloxifene", "tamoxifen", "exemestane"}}
CONDITIONS = ["bmd[total_hip] < 0.8 [g/cm2]", "ctx > 0.5 [ng/mL]", "time > 1 [year]", "estradiol < 20 [pmol/L]",
              "p1np < 40 [ng/mL]", "age > 60 [year]"]
TIMES = ["{from: 0 month, to: 36 month, every: 1 month}", "{from: 0 d, to: 1080 d, every: 27 d}",
         "[0 d, 10 d, 33.3 d, 0.5 year, 1 year, 1.37 year, 2 year, 3 year]"]
OUTPUTS = ("bmd", "ctx", "p1np", "estradiol")
STEPPERS_AGREE = 1e-6  # of an output's largest value, at rtol 1e-8 and 1e-9
PERIODIC = 1e-3        # of BMD: 0.1 points, from which exact dosing is advised
MATTERS = 1e-4         # percent of a subject's BMD: less may be printed as anything


def line(pick, drug, dose, unit, every, infusion):
    text = f"drug: {drug}, dose: {dose} {unit}, interval: {every if pick.random() < 0.7 else '5 week'}"
    if infusion:
        text += f", duration: {infusion}"
    if pick.random() < 0.4:
        text += f", start: {pick.choice(['3 month', '100 day', '0.37 year'])}"
    if pick.random() < 0.3:
        text += f', visits: {pick.choice(["3 month", "100 day"])}, begin_if: "{pick.choice(CONDITIONS)}"'
        if pick.random() < 0.5:
            text += f', end_if: "{pick.choice(CONDITIONS)}"'
        if pick.random() < 0.3:
            text += ", delay: 2 week"
    elif pick.random() < 0.6:
        text += f", stop: {pick.choice(['400 day', '2 year', '2.5 year'])}"
    irregular = pick.random()
    if irregular < 0.2:
        text += ", adherence: 80 %"
    elif irregular < 0.35:
        text += ", inter_occasion: 30 %"
    elif irregular < 0.45 and every == "1 day" and "visits" not in text:
        text += ", steady_state: true"
    return f"      - {{{text}}}\n"


def experiment(seed):
    pick = random.Random(seed)
    sex = pick.choice(["women", "women", "men"])
    age, since = pick.randint(45, 78), pick.choice([-3, -1, 0, 0.5, 2, 8, 20])
    models = ["hormones_men" if sex == "men" else "hormones", "aibl", "osteocytes"]
    models += pick.choice([[], ["cytokines"], ["mineral", "dxa", "fracture"]])
    drugs = [drug for drug in DRUGS if drug[0] not in ONLY[sex]]
    arms = "".join(f"  arm{k}:\n    regimen:\n" + "".join(line(pick, *drug) for drug in pick.sample(drugs, pick.randint(1, 3)))
                   for k in range(2))
    return f"""name: random_regimens
models: [{', '.join(models)}]
population: {{subjects: 8, seed: {seed}, covariates: {{age: {age} year, years_since_menopause: {age - 50 if sex == 'men' else since} year}}}}
run_in: {{start: "-(max(years_since_menopause, 0 [y]) + 10 [y])"}}
times: {pick.choice(TIMES)}
results: {{precision: float64}}
arms:
{arms}"""


def run(folder, *words):
    out = folder / "out.h5"
    done = subprocess.run([OSTEON, "run", folder / "random.yaml", "-o", out, "--force", "--threads", "1", *words],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr + (folder / "random.yaml").read_text(encoding="utf-8"))
    with h5py.File(out) as file:
        return {name: file[name][()] for name in OUTPUTS}, np.nan_to_num(file["bmd"].attrs["periodic_error_percent"]).max()


def difference(a, b):
    assert (np.isnan(a) == np.isnan(b)).all()
    return np.nanmax(np.abs(a - b)) / np.nanmax(np.abs(b))


def worst(a, b):
    """The largest difference of a subject in percent of its largest value, as runs print it."""
    rows = ~np.isnan(b).all(axis=-1)
    return 100 * (np.nanmax(np.abs(a - b)[rows], axis=-1) / np.nanmax(np.abs(b)[rows], axis=-1)).max(initial=0)


def main():
    steppers, periodic, wrong, far, low, ratios = 0, 0, 0, 0, 0, []
    with tempfile.TemporaryDirectory() as name:
        for seed in range(SEED, SEED + N):
            folder = pathlib.Path(name)
            (folder / "random.yaml").write_text(experiment(seed), encoding="utf-8")
            usual, printed = run(folder)
            exact, _ = run(folder, "--set", "solver={stepper: tsit5, rtol: 1e-9, dosing: exact}")
            implicit, _ = run(folder, "--set", "solver={stepper: rodas5p, rtol: 1e-8, dosing: exact}")
            apart = max(difference(implicit[output], exact[output]) for output in OUTPUTS)
            off = difference(usual["bmd"], exact["bmd"])
            steppers, periodic = max(steppers, apart), max(periodic, off)
            wrong += apart > STEPPERS_AGREE
            far += off > PERIODIC
            true = worst(usual["bmd"], exact["bmd"])
            is_low = true > MATTERS and true > 10 * printed
            low += is_low
            if true > MATTERS and printed > 0:
                ratios.append(true / printed)
            if apart > STEPPERS_AGREE or off > PERIODIC or is_low:
                print(f"seed {seed}: steppers differ by {apart:.1e}, BMD by periodic dosing by {off:.1e}, of a subject by "
                      f"{true:.1e} %, printed {printed:.1e} %")
                print((folder / "random.yaml").read_text(encoding="utf-8"))
    print(f"{N} random experiments: steppers differ by at most {steppers:.1e} of an output's largest value, BMD by periodic "
          f"dosing by {periodic:.1e}, more than {PERIODIC} in {far}; of {len(ratios)} where that is above {MATTERS} % of a "
          f"subject, it is {min(ratios):.2g} to {max(ratios):.2g} times what the run prints, {np.median(ratios):.2g} in the median")
    return int(wrong > 0 or low > 0)


sys.exit(main())
