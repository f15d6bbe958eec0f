// SPDX-License-Identifier: GPL-3.0-or-later
// node settings.mjs DIR N SEED [WASM]: N random settings of the page as experiment files DIR/K.yaml; with osteon.wasm also
// the page's outputs of each, DIR/K.json: {arm: {output: [times]}}. DIR/class.yaml and .json are of the class of the first
// settings. Fails if a link does not bring the settings back.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { deepStrictEqual, ok, throws } from "node:assert";
import { clamped, initial, new_bar, to_fragment, from_fragment } from "../../src/web/settings.js";
import { experiment, class_experiment } from "../../src/web/experiment.js";
import { words } from "../../src/web/words.js";
import { make_engine } from "../../src/web/engine.js";
import { trials } from "../../src/web/trials.mjs";
import { n_women, new_cohort, add_to_cohort, simulated } from "../../src/web/trials.js";
import { usual } from "../../src/web/usual.mjs";
import { settings_from } from "./random.mjs";
import { arrows, statements, action } from "../../src/web/loop.js";

const [dir, n, seed, wasm] = process.argv.slice(2);
const engine = wasm ? await make_engine(readFileSync(wasm)) : null;
const all = settings_from(seed);
for (let k = 0; k < Number(n); k++) {
    const settings = all.next().value;
    deepStrictEqual(from_fragment(`#${to_fragment(settings)}`), settings);
    const yaml = experiment(settings, { title: "A page's experiment", a: "A", b: "B" });
    writeFileSync(`${dir}/${k}.yaml`, yaml);
    if (engine) writeFileSync(`${dir}/${k}.json`, JSON.stringify(engine.run(yaml).arms));
}

// A page has no files: a table is not there, and says so.
if (engine) for (const table of ["people: {table: people.csv}", "}\nevents: {table: rows.csv, time: h, amount: mg, cmt: {1: anastrozole.depot}"]) {
    const yaml = `models: [hormones, aibl, anastrozole]\npopulation: {${table}}\narms: {a: {}}\ntimes: {to: 1 year, every: 1 month}\noutputs: [bmd]\n`;
    throws(() => engine.run(yaml), /there is no file/, yaml);
}

// Both ends of every dose stay as they are in a link.
for (const drug of Object.keys(usual)) for (const dose of [0, 1e9]) {
    const settings = clamped({ bars: [{ ...new_bar(drug, 60, "a"), dose }] });
    deepStrictEqual(from_fragment(`#${to_fragment(settings)}`), settings);
}

// Where one has lost bone and the other gained, the sentence says which.
const since = (a, b) => words.sentence(52, { lumbar_spine: 5, total_hip: 3 }, { a, b }).split("Since 45, ")[1];
deepStrictEqual([since(-4, -2), since(-4, 2), since(3, -1)],
    ["A has lost 4.0 % at the spine, B 2.0 %.", "A has lost 4.0 % at the spine, B has gained 2.0 %.", "A has gained 3.0 % at the spine, B has lost 1.0 %."]);

const of_class = class_experiment(initial(), { title: "A class", a: "A", b: "B" });
writeFileSync(`${dir}/class.yaml`, of_class);
if (engine) { // in two parts, as the page asks for it
    const parts = [engine.cohort(of_class, 0, 4), engine.cohort(of_class, 4, 16)];
    writeFileSync(`${dir}/class.json`, JSON.stringify(parts.map((part) => ({ ...part, values: [...part.values], status: [...part.status] }))));
}

// What the arrows of the loop open is in the models: every statement that they name, and for every drug what it acts on.
const models = ["bone", "hormones", "drugs"].map((kind) => {
    const folder = new URL(`../../models/${kind}/`, import.meta.url);
    return readdirSync(folder).filter((name) => name.endsWith(".model")).map((name) => ({ name: name.replace(".model", ""), text: readFileSync(new URL(name, folder), "utf8") }));
});
const defined = new Set(statements(models[0].find(({ name }) => name === "aibl").text).map(({ name }) => name));
for (const { from, to, of } of arrows) for (const name of of) ok(defined.has(name), `${from} -> ${to}: aibl has no statement of ${name}`);
for (const name of Object.keys(usual)) {
    const { texts, output } = action(models[2].find((one) => one.name === name), [...models[0], ...models[1]]);
    ok(texts.length >= 2 && output, `${name}: nothing is made of its signal`);
}

// Trials: their experiments, and what the page says of each row.
const of_trials = trials(new URL("../../", import.meta.url).pathname);
for (const { name, yaml, rows, labels } of of_trials) {
    writeFileSync(`${dir}/trial-${name}.yaml`, yaml);
    ok(rows.length > 0 && rows.every(({ arm, versus, value }) => labels[arm] && (versus === null || labels[versus]) && Number.isFinite(value)), name);
}
if (engine) {
    const said = of_trials.map(({ name, yaml, rows }) => {
        const cohort = new_cohort();
        add_to_cohort(cohort, engine.cohort(yaml, 0, 60));
        add_to_cohort(cohort, engine.cohort(yaml, 60, n_women - 60));
        return { name, n: n_women, rows: rows.map((row) => ({ ...row, simulated: simulated(cohort, row) })) };
    });
    writeFileSync(`${dir}/trials.json`, JSON.stringify(said));
}
