// SPDX-License-Identifier: GPL-3.0-or-later
// For build.mjs: trials that the page shows, from configs/trials and configs/evidence, [{name, title, yaml, labels {arm}, rows}]
// with yaml as the page runs it and a row {arm, versus, site, from, to [months], statistic, value, low, high, role, source} for
// each mean or median of density observed at spine and hip; low and high are of 95 %, null if the source gives no interval.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { middle, n_women } from "./trials.js";

const shown = ["atac", "sabre", "aribon", "zofast", "abcsg18"];
const sites = { LS: "lumbar_spine", TH: "total_hip" };

// Rows of a table with a head, as objects.
function table_of(csv) {
    const rows = [[""]];
    for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
        const row = rows[rows.length - 1];
        row[row.length - 1] = quoted?.replaceAll('""', '"') ?? plain;
        if (end === ",") row.push("");
        else if (end === "\n") rows.push([""]);
    }
    const [head, ...rest] = rows.filter((row) => row.length > 1);
    return rest.map((row) => Object.fromEntries(head.map((name, k) => [name, row[k]])));
}
// {key: value} of a flow mapping such as {arm: a, trial_arm: "M: b"}.
const mapping_of = (text) => Object.fromEntries([...text.matchAll(/(\w+): (?:"([^"]*)"|([^,}]*))/g)].map(([, key, quoted, plain]) => [key, quoted ?? plain]));

function interval_of({ interval, lower, upper, value, n }) {
    const half = { se: 1.96 * Number(upper), sd: (1.96 * Number(upper)) / Math.sqrt(Number(n)) }[interval];
    if (interval === "95ci") return [Number(lower), Number(upper)];
    return half > 0 ? [Number(value) - half, Number(value) + half] : [null, null];
}

export function trials(root) {
    const evidence = table_of(readFileSync(join(root, "configs/evidence/evidence.csv"), "utf8"));
    return shown.map((name) => {
        const text = readFileSync(join(root, `configs/trials/${name}.yaml`), "utf8");
        const blocks = Object.fromEntries(text.replace(/^#.*\n/gm, "").split(/^(?=\w+:)/m).map((block) => [block.match(/^\w+/)?.[0], block]));
        const compared = [...blocks.evidence.matchAll(/- \{(.*)\}/g)].map(([, one]) => mapping_of(one));
        const is_of = (row, one) => row.trial === one.trial && row.arm === one.trial_arm && /^BMD_/.test(row.endpoint) && (one.endpoint ?? row.endpoint) === row.endpoint;
        const rows = compared.flatMap((one) => evidence.filter((row) => is_of(row, one) && Object.hasOwn(sites, row.site) && Object.hasOwn(middle, row.statistic)).map((row) => {
            const [low, high] = interval_of(row);
            return {
                arm: one.arm, versus: one.versus ?? null, site: sites[row.site], from: 12 * Number(row.endpoint.match(/year(\d+)/)?.[1] ?? 0), to: Number(row.time_months),
                statistic: row.statistic, value: Number(row.value), low, high, role: row.role, source: [row.citation, row.reference].filter((one) => one && !one.startsWith("http")).join(", "),
            };
        }));
        // So many who are eligible take part, as in validate.
        if (/^  eligible:/m.test(blocks.population)) blocks.population = blocks.population.replace(/^  subjects: .*$/m, `  enroll: ${n_women}`);
        const run = ["title", "models", "population", "run_in", "arms", "times"].map((key) => blocks[key].trimEnd()).join("\n");
        const labels = Object.fromEntries([...blocks.arms.matchAll(/^  (\w+):\n    label: (.*)$/gm)].map(([, arm, label]) => [arm, label]));
        return { name, title: blocks.title.match(/"(.*)"/)[1], yaml: `${run}\noutputs: [scanned_bmd]\n`, labels, rows };
    });
}
