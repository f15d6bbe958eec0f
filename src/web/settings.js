// SPDX-License-Identifier: GPL-3.0-or-later
// What the reader of the page has set: one object, its limits, and its text in the fragment of a link.
import { intervals, is_for, years_of } from "./drugs.js";
import { usual } from "./usual.mjs";

export const first_age = 45, last_age = 90, age_step = 0.25;
export const scenarios = ["a", "b"];

// The numbers one can set: least, most, step, and unit in an experiment.
export const sexes = ["woman", "man"];
export const person = {
    menopause: { min: 46, max: 58, step: 0.25, start: 50 },
    bmi: { min: 17, max: 45, step: 0.5, start: 27 },
};
export const habits = {
    impact: { min: 0, max: 7, step: 1, start: 0, signal: "impact_exercise", unit: "1/week" },
    resistance: { min: 0, max: 7, step: 1, start: 0, signal: "resistance_exercise", unit: "1/week" },
    calcium: { min: 0, max: 1500, step: 100, start: 0, signal: "calcium_supplement", unit: "mg/d" },
    vitamin_d: { min: 0, max: 100, step: 5, start: 0, signal: "vitamin_d_supplement", unit: "ug/d" },
};
export const taken = { min: 10, max: 100, step: 5, start: 100 };
export const panels = ["loop", "class", "trials", "bench"]; // opened by a control each
export const shows = {
    measure: ["percent", "t_score"], scans: [false, true], whole: [true, false], large: [false, true],
    ...Object.fromEntries(panels.map((name) => [name, [false, true]])), follow: ["b", "a"],
    trial: ["atac", "sabre", "aribon", "zofast", "abcsg18"],
};
export const of_class = { min: 1, max: 200, step: 1, start: 1 }; // of the class; one is highlighted
export const most_bars = 6;

const start_of = (table) => Object.fromEntries(Object.entries(table).map(([name, limit]) => [name, limit.start]));

export function new_bar(drug, from, scenario) {
    const { dose, every } = usual[drug];
    return { scenario, drug, from, to: Math.min(from + years_of(drug), last_age), dose, every, taken: taken.start };
}

// An aromatase inhibitor against none.
export function initial() {
    return {
        sex: sexes[0],
        person: start_of(person),
        habits: { a: start_of(habits), b: start_of(habits) },
        bars: [new_bar("anastrozole", 60, "b")],
        show: Object.fromEntries(Object.entries(shows).map(([name, list]) => [name, list[0]])),
        one: of_class.start,
    };
}

const within = (value, { min, max, step }) => {
    const number = Number.isFinite(value) ? value : min;
    return Number(Math.min(max, Math.max(min, min + Math.round((number - min) / step) * step)).toPrecision(12));
};
const one_of = (value, list) => (list.includes(value) ? value : list[0]);

// The same settings with every value inside its limits: of what was typed, dragged or came in a link.
export function clamped(raw) {
    const base = initial();
    const numbers = (table, given) =>
        Object.fromEntries(Object.entries(table).map(([name, limit]) => [name, within(given?.[name] ?? limit.start, limit)]));
    const age = { min: first_age, max: last_age, step: age_step };
    const sex = one_of(raw.sex, sexes);
    const bars = (Array.isArray(raw.bars) ? raw.bars : base.bars)
        .filter((bar) => Object.hasOwn(usual, bar?.drug) && is_for(bar.drug, sex)).slice(0, most_bars);
    return {
        sex,
        person: numbers(person, raw.person),
        habits: { a: numbers(habits, raw.habits?.a), b: numbers(habits, raw.habits?.b) },
        bars: bars.map((bar) => {
            const { dose, every } = usual[bar.drug];
            const from = within(bar.from, { ...age, max: last_age - age_step });
            return {
                scenario: one_of(bar.scenario, scenarios),
                drug: bar.drug,
                from,
                to: within(bar.to, { ...age, min: from + age_step }),
                dose: within(bar.dose ?? dose, dose_limits(bar.drug)),
                every: intervals.includes(bar.every) ? bar.every : every,
                taken: within(bar.taken ?? taken.start, taken),
            };
        }),
        show: Object.fromEntries(Object.entries(shows).map(([name, list]) => [name, one_of(raw.show?.[name], list)])),
        one: within(raw.one ?? of_class.start, of_class),
    };
}

// From a tenth of the usual dose to four times it.
export function dose_limits(drug) {
    const { dose } = usual[drug];
    return { min: dose / 10, max: 4 * dose, step: dose / 10 };
}

const version = "1";
export function to_fragment(settings) {
    return `v=${version}&s=${encodeURIComponent(JSON.stringify(settings))}`;
}
// The settings of a fragment; null if it is empty, and an Error if it cannot be read.
export function from_fragment(fragment) {
    const fields = new URLSearchParams(fragment.replace(/^#/, ""));
    if (!fields.has("s")) return null;
    if (fields.get("v") !== version) throw new Error(`version ${fields.get("v")} instead of ${version}`);
    return clamped(JSON.parse(fields.get("s")));
}

// Settings drawn over every control, for tests: random() gives numbers from 0 to 1.
export function random_settings(random) {
    const draw = ({ min, max, step }) => within(min + random() * (max - min + step) - step / 2, { min, max, step });
    const pick = (list) => list[Math.floor(random() * list.length)];
    const numbers = (table) => Object.fromEntries(Object.entries(table).map(([name, limit]) => [name, draw(limit)]));
    const bar = () => {
        const drug = pick(Object.keys(usual)), from = draw({ min: first_age, max: 80, step: age_step });
        return {
            scenario: pick(scenarios), drug, from, to: from + draw({ min: age_step, max: 10, step: age_step }),
            dose: draw(dose_limits(drug)), every: random() < 0.7 ? usual[drug].every : pick(intervals.slice(1)),
            taken: random() < 0.8 ? 100 : draw(taken),
        };
    };
    return clamped({
        sex: pick(sexes),
        person: numbers(person),
        habits: { a: numbers(habits), b: numbers(habits) },
        bars: Array.from({ length: Math.floor(random() * 4) }, bar),
        show: Object.fromEntries(Object.entries(shows).map(([name, list]) => [name, pick(list)])),
        one: draw(of_class),
    });
}
