// SPDX-License-Identifier: GPL-3.0-or-later
// The experiment file of the settings: the page runs it, and `osteon run` gives the same curves.
import { usual } from "./usual.mjs";
import { first_age, last_age, habits, scenarios, of_class } from "./settings.js";

const outputs = ["bmd", "scanned_bmd", "estradiol", "rankl_opg_ratio", "osteoclasts", "osteoblasts", "ctx", "p1np"];
export const sites = ["lumbar_spine", "total_hip"];

// What differs between the sexes. The age from which bone formation declines is menopause, in men 50. Peak BMD of men:
// NHANES, 21 to 30 years, as in models/hormones/hormones_men.md; the model's own is that of women.
const of_sex = {
    woman: { hormones: "hormones", decline: ({ menopause }) => menopause, outputs, peak: {} },
    man: {
        hormones: "hormones_men", decline: () => 50, outputs: [...outputs, "testosterone"],
        peak: { lumbar_spine: 1.057, total_hip: 1.067 },
    },
};
const decline = ({ sex, person }) => of_sex[sex].decline(person);

// Time 0: the first treatment of either scenario; without any, the final menstrual period, in a man the age of 50.
export function age_at_start(settings) {
    return settings.bars.length > 0 ? Math.min(...settings.bars.map((bar) => bar.from)) : decline(settings);
}

const number = (value) => String(Number(value.toPrecision(12)));

function arm(settings, scenario, start, labels) {
    const lines = [`  ${scenario}:`, `    label: ${JSON.stringify(labels[scenario])}`];
    const bars = settings.bars.filter((bar) => bar.scenario === scenario);
    if (bars.length > 0) lines.push("    regimen:");
    for (const bar of bars) {
        const { unit, infusion } = usual[bar.drug];
        const parts = [`drug: ${bar.drug}`, `dose: ${number(bar.dose)} ${unit}`, `interval: ${bar.every}`];
        if (infusion) parts.push(`duration: ${infusion}`);
        parts.push(`start: ${number(bar.from - start)} year`, `stop: ${number(bar.to - start)} year`);
        if (bar.taken < 100) parts.push(`adherence: ${number(bar.taken)} %`);
        lines.push(`      - {${parts.join(", ")}}`);
    }
    const driven = Object.entries(habits).filter(([name]) => settings.habits[scenario][name] > 0);
    if (driven.length > 0) lines.push("    signals:");
    for (const [name, { signal, unit }] of driven)
        lines.push(`      - {signal: ${signal}, value: ${number(settings.habits[scenario][name])} ${unit}}`);
    return lines;
}

// One typical person, or a cohort of others with the same age, menopause, weight and treatments; words: {title, a, b}, texts
// for display; bone: the path of a text of the model of bone other than the built-in one.
function study(settings, words, { head, subjects, more = [], bone, from, to, every, outputs }) {
    const start = age_at_start(settings), since = start - decline(settings), { hormones, peak } = of_sex[settings.sex];
    const peaks = Object.entries(peak).map(([site, value]) => `  "aibl.peak_bmd[${site}]": ${value} g/cm2`);
    return [
        `# ${head}; time 0 is the age of ${number(start)} years.`,
        `title: ${JSON.stringify(words.title)}`,
        `models: [${[hormones, bone ?? "aibl", "mineral", "osteocytes", "dxa", ...more].join(", ")}]`,
        "population:",
        ...subjects,
        "  covariates:",
        `    age: ${number(start)} year`,
        `    years_since_menopause: ${number(since)} year`,
        `    bmi: ${number(settings.person.bmi)} kg/m2`,
        `run_in: {start: ${number(Math.min(-(Math.max(since, 0) + 10), first_age - start))} year}`,
        ...(peaks.length > 0 ? ["parameters:", ...peaks] : []),
        "arms:",
        ...scenarios.flatMap((scenario) => arm(settings, scenario, start, words)),
        `times: {from: ${number(from)} year, to: ${number(to)} year, every: ${every}}`,
        `outputs: [${outputs.join(", ")}]`,
        "",
    ].join("\n");
}

export function experiment(settings, words, { bone, more = [] } = {}) {
    const start = age_at_start(settings);
    return study(settings, words, {
        head: `One typical ${settings.sex}`, subjects: ["  variability: false"], bone, from: first_age - start, to: last_age - start,
        every: "1 month", outputs: [...of_sex[settings.sex].outputs, ...more],
    });
}

// A class: women who differ in what the models let differ, through ten years from time 0.
export function class_experiment(settings, words, { bone } = {}) {
    return study(settings, words, {
        head: `${of_class.max} women`, subjects: [`  subjects: ${of_class.max}`, "  seed: 18"], bone, more: ["fracture"], from: 0,
        to: Math.min(10, last_age - age_at_start(settings)), every: "3 month", outputs: ["bmd", "any_fractured"],
    });
}
