// SPDX-License-Identifier: GPL-3.0-or-later
// Lessons: a guess, then what happens, then a question that the page answers from its own curves. A lesson is
// {before, after: settings; numbers(result, at(age) its index): what its texts say; right(numbers): the guess that is
// right; answer(numbers, answers): the answer that is}; its texts are words.lessons[name].
import { initial } from "./settings.js";

const spine = "bmd[lumbar_spine]";

export const lessons = {
    anastrozole: {
        before: () => ({ ...initial(), bars: [], show: { measure: "percent", scans: false, whole: true } }),
        after: () => ({ ...initial(), show: { measure: "percent", scans: false, whole: true } }),
        // Percent of the spine that each year of the treatment takes, with and without it; estradiol with and without.
        numbers(result, at) {
            const [{ from, to }] = initial().bars;
            const change = (arm, year) => 100 * (result.arms[arm][spine][at(from + year)] / result.arms[arm][spine][at(from + year - 1)] - 1);
            const years = (arm) => Array.from({ length: to - from }, (_, y) => change(arm, y + 1));
            return { b: years("b"), a: years("a"), estradiol: ["a", "b"].map((arm) => result.arms[arm].estradiol[at(from + 1)]) };
        },
        // The guesses, in the order of their texts: nothing; as before; faster, and fastest at first; faster and faster.
        right({ a, b }) {
            const steepest = b.indexOf(Math.min(...b));
            if (b[0] > -0.1) return 0;
            return b[0] > 1.2 * a[0] ? 1 : steepest === 0 ? 2 : 3;
        },
        // How many times as fast as without the drug she loses in the first year, to the nearest of the answers.
        answer({ a, b }, answers) {
            const times = b[0] / a[0];
            return answers.map((one) => Math.abs(one - times)).reduce((best, far, i, all) => (far < all[best] ? i : best), 0);
        },
    },
};
