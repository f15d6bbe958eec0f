// SPDX-License-Identifier: GPL-3.0-or-later
// The experiment file of the settings: the page runs it, and `osteon run` gives the same curves.
import { usual } from "./drugs.js";
import { first_age, last_age, habits, scenarios } from "./settings.js";

export const outputs = ["bmd", "scanned_bmd", "estradiol", "rankl_opg_ratio", "osteoclasts", "osteoblasts", "ctx", "p1np"];
export const sites = ["lumbar_spine", "total_hip"];

// Time 0: the first treatment of either scenario; without any, the final menstrual period.
export function age_at_start(settings) {
    return settings.bars.length > 0 ? Math.min(...settings.bars.map((bar) => bar.from)) : settings.woman.menopause;
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

// words: {title, a, b}, texts for display.
export function experiment(settings, words) {
    const start = age_at_start(settings), since = start - settings.woman.menopause;
    return [
        `# One typical woman; time 0 is her age of ${number(start)} years.`,
        `title: ${JSON.stringify(words.title)}`,
        "models: [hormones, aibl, mineral, osteocytes, dxa]",
        "population:",
        "  variability: false",
        "  covariates:",
        `    age: ${number(start)} year`,
        `    years_since_menopause: ${number(since)} year`,
        `    bmi: ${number(settings.woman.bmi)} kg/m2`,
        `run_in: {start: ${number(Math.min(-(Math.max(since, 0) + 10), first_age - start))} year}`,
        "arms:",
        ...scenarios.flatMap((scenario) => arm(settings, scenario, start, words)),
        `times: {from: ${number(first_age - start)} year, to: ${number(last_age - start)} year, every: 1 month}`,
        `outputs: [${outputs.join(", ")}]`,
        "",
    ].join("\n");
}
