// SPDX-License-Identifier: GPL-3.0-or-later
// Lessons: a guess, what happens, why, and a question that the page answers from its own runs. A lesson is
//   age: that charts and sentence speak of at each step, until another is looked at; asked: that of the question, if another
//   settings: shown from the guess on; explained: with the explanation, if other ones
//   veil {age, arms}: what of the bone is hidden until there is a guess
//   draw {arm, ages, low, high}: the guess is the spine's percent at these ages, as a line; right(numbers): or the guess that
//     is right, in the order of its texts
//   others: further settings that are run
//   numbers(shown, ...others): what its texts say, of a reader of each run
//   answer(numbers): what answers the question; the nearest of its answers is right
// Its texts are lesson_words.lessons[name].
import { initial, new_bar, clamped, first_age, scenarios } from "./settings.js";
import { index_at, year } from "./curves.js";

const spine = "bmd[lumbar_spine]", hip = "bmd[total_hip]";
const treated = (scenario, drug, from, to, more) => ({ ...new_bar(drug, from, scenario), to, ...more });
const shown_with = (bars, { show, ...more } = {}) => clamped({ ...initial(), ...more, bars, show: { ...initial().show, ...show } });

// {value(arm, output, age); change(arm, from, to, output): percent between two ages; ratio(arm, other, output, age); params}
export function reader(result) {
    const ages = result.times.map((t) => first_age + (t - result.times[0]) / year);
    const value = (arm, output, age) => result.arms[arm][output][index_at(ages, age)];
    return {
        value, params: result.params,
        change: (arm, from, to, output = spine) => 100 * (value(arm, output, to) / value(arm, output, from) - 1),
        ratio: (arm, other, output, age) => value(arm, output, age) / value(other, output, age),
    };
}
// The numbers of a lesson; run(settings): the result of an experiment.
export function numbers_of(name, run) {
    const { settings, others = [], numbers } = lessons[name];
    return numbers(...[settings, ...others].map((one) => reader(run(one()))));
}
// Of answers, the nearest to what the model says.
export function nearest_answer(name, numbers, answers) {
    const far = answers.map((one) => Math.abs(one - lessons[name].answer(numbers)));
    return far.indexOf(Math.min(...far));
}
// Percent of the spine at the first age, at the ages of a drawing.
export const truth = ({ draw: { arm, ages } }, shown) => ages.map((age) => 100 + shown.change(arm, first_age, age));

const on_anastrozole = [treated("b", "anastrozole", 60, 65)];
const after_denosumab = [treated("a", "denosumab", 65, 70), treated("b", "zoledronic_acid", 65, 70)];
const with_gel = (dose) => shown_with(
    [treated("a", "testosterone_gel", 55, 65), treated("b", "testosterone_gel", 55, 65), treated("b", "anastrozole", 55, 65, { dose })], { sex: "man" });
const ages_to = (from, to) => Array.from({ length: to - from }, (_, i) => from + 1 + i);

export const lessons = {
    menopause: {
        age: 65,
        settings: () => shown_with([]),
        others: [() => shown_with([], { person: { menopause: 55 } })],
        veil: { age: 48, arms: scenarios },
        draw: { arm: "a", ages: [50, 52, 55, 60, 65], low: 70, high: 110 },
        numbers: (shown, later) => ({
            around: shown.change("a", 49, 54), afterwards: shown.change("a", 60, 65), before: shown.change("a", 45, 48),
            estradiol: [45, 55].map((age) => shown.value("a", "estradiol", age)),
            ctx: shown.change("a", 45, 55, "ctx"), p1np: shown.change("a", 45, 55, "p1np"),
            renewed: 100 * shown.params["aibl.T[lumbar_spine]"],
            more: 100 * (later.value("a", spine, 65) / shown.value("a", spine, 65) - 1),
        }),
        answer: ({ more }) => more,
    },
    anastrozole: {
        age: 62,
        settings: () => shown_with(on_anastrozole),
        veil: { age: 60, arms: ["b"] },
        numbers: (shown) => ({
            a: shown.change("a", 60, 65), b: shown.change("b", 60, 65), hip: shown.change("b", 60, 65, hip),
            estradiol: scenarios.map((arm) => shown.value(arm, "estradiol", 63)),
            ctx: 100 * (shown.ratio("b", "a", "ctx", 62) - 1), p1np: 100 * (shown.ratio("b", "a", "p1np", 62) - 1),
        }),
        right: ({ a, b }) => (b < 1.2 * a ? 1 : b > 0.8 * a ? 2 : 0),
        answer: ({ estradiol: [a, b] }) => a / b,
    },
    first_year: {
        age: 61,
        settings: () => shown_with(on_anastrozole, { show: { whole: false } }),
        explained: () => shown_with(on_anastrozole, { show: { whole: false, scans: true } }),
        veil: { age: 60, arms: ["b"] },
        draw: { arm: "b", ages: ages_to(60, 65), low: 70, high: 95 },
        numbers(shown) {
            const years = (arm) => ages_to(60, 65).map((age) => shown.change(arm, age - 1, age));
            const read = (age) => shown.value("b", `scanned_${spine}`, age), error = Math.hypot(shown.params["dxa.scan_cv[lumbar_spine]"], shown.params["dxa.visit_cv"]);
            return {
                a: years("a"), b: years("b"), total: shown.change("b", 60, 65), scanned: 100 * (read(65) / read(60) - 1), error, by_chance: 1.96 * Math.SQRT2 * error,
                rise: Object.fromEntries(["osteoclasts", "osteoblasts"].map((cells) => [cells, shown.change("b", 60, 60.25, cells) / shown.change("b", 60, 62, cells)])),
            };
        },
        answer: ({ by_chance }) => by_chance,
    },
    tamoxifen: {
        age: 48, asked: 47,
        settings: () => shown_with([treated("b", "tamoxifen", 45, 48), treated("b", "tamoxifen", 62, 65)], { person: { menopause: 54 } }),
        veil: { age: first_age, arms: ["b"] },
        numbers: (shown) => ({
            before: 100 * (shown.ratio("b", "a", spine, 48) - 1), a: shown.change("a", 62, 65), b: shown.change("b", 62, 65),
            up: 100 * (shown.ratio("b", "a", "ctx", 47) - 1), down: 100 * (shown.ratio("b", "a", "ctx", 64) - 1),
            estradiol: shown.ratio("b", "a", "estradiol", 47),
        }),
        right: ({ before, a, b }) => (before < 0 ? (b < a ? 0 : 2) : b < a ? 3 : 1),
        answer: ({ estradiol }) => estradiol,
    },
    stopping: {
        age: 70.5, asked: 72,
        settings: () => shown_with(after_denosumab, { show: { whole: false } }),
        others: [() => shown_with([...after_denosumab, treated("a", "zoledronic_acid", 70, 71)])],
        veil: { age: 70, arms: scenarios },
        draw: { arm: "a", ages: ages_to(70, 75), low: 75, high: 95 },
        numbers: (shown, followed) => ({
            gain: scenarios.map((arm) => shown.change(arm, 65, 70)), loss: scenarios.map((arm) => shown.change(arm, 70, 71)),
            ctx: shown.value("a", "ctx", 70.5) / shown.value("a", "ctx", 65),
            osteoclasts: shown.value("a", "osteoclasts", 70.5) / shown.value("a", "osteoclasts", 65),
            left: [shown, followed].map((one) => one.change("a", 65, 72)),
            kept: (100 * followed.change("a", 65, 72)) / followed.change("a", 65, 70),
        }),
        answer: ({ kept }) => kept,
    },
    men: {
        age: 60,
        settings: () => with_gel(1),
        others: [() => shown_with([], { sex: "man" }), () => with_gel(4)],
        veil: { age: 55, arms: ["b"] },
        numbers: (shown, none, more) => ({
            testosterone: scenarios.map((arm) => shown.value(arm, "testosterone", 60)),
            estradiol: scenarios.map((arm) => shown.value(arm, "estradiol", 60)),
            ctx: 100 * (shown.ratio("b", "a", "ctx", 60) - 1), less: 100 * (shown.ratio("b", "a", spine, 65) - 1),
            than_none: 100 * (shown.value("b", spine, 65) / none.value("a", spine, 65) - 1),
            lower: 100 * (1 - more.value("b", "estradiol", 60) / shown.value("b", "estradiol", 60)),
            lower_bone: 100 * (more.value("b", spine, 65) / shown.value("b", spine, 65) - 1),
        }),
        right: ({ less }) => (less < -0.3 ? 2 : less > 0.3 ? 0 : 1),
        answer: ({ lower }) => lower,
    },
};
