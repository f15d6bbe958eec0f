// SPDX-License-Identifier: GPL-3.0-or-later
// A class of women in both scenarios: a line each of the lower of two T-scores, coloured by its class, with a band and a
// median; the same woman is highlighted in both.
import { scenarios, of_class } from "./settings.js";
import { sites } from "./experiment.js";
import { button, element, css, keyed } from "./parts.js";
import { words } from "./words.js";
import { year } from "./curves.js";

const limits = { osteopenia: -1, osteoporosis: -2.5 }; // T-scores of the World Health Organization
const class_of = (t) => (t <= limits.osteoporosis ? "osteoporosis" : t < limits.osteopenia ? "osteopenia" : "normal");

// The women of a class as they arrive: their T-scores and whether they have broken a bone, {a, b: [woman][time]}.
export function new_women() {
    return { n: 0, years: [], t: { a: [], b: [] }, broken: { a: [], b: [] } };
}
export function add_women(women, { arms, outputs, times, params, values, status, n }, first) {
    women.years = times.map((t) => t / year);
    const row = Object.fromEntries(outputs.map((name, k) => [name, k])), m = times.length;
    arms.forEach((arm, a) => {
        for (let i = 0; i < n; i++) {
            if (status[a * n + i] !== 0) continue;
            const of = (name) => values.subarray(((a * n + i) * outputs.length + row[name]) * m).subarray(0, m);
            const density = sites.map((site) => of(`bmd[${site}]`)), broken = of("any_fractured");
            women.t[arm][first + i] = times.map((_, j) => Math.min(...sites.map((site, k) => (density[k][j] - params[`dxa.young[${site}]`]) / params[`dxa.young_sd[${site}]`])));
            women.broken[arm][first + i] = Array.from(broken, (one) => one > 0.5);
        }
    });
    women.n += n;
}

// At a time: how many have osteoporosis, crossed its limit since time 0, and broke a bone since then, {a, b}.
export function counted(women, j) {
    const count = (arm, is) => women.t[arm].reduce((sum, t, i) => sum + (is(t, women.broken[arm][i]) ? 1 : 0), 0);
    return Object.fromEntries(scenarios.map((arm) => [arm, {
        porous: count(arm, (t) => t[j] <= limits.osteoporosis),
        crossed: count(arm, (t) => t[0] > limits.osteoporosis && t[j] <= limits.osteoporosis),
        broke: count(arm, (_, broken) => broken[j]),
    }]));
}
const quantile = (sorted, p) => {
    const at = p * (sorted.length - 1), low = Math.floor(at);
    return sorted[low] + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
};

// place: an empty element; pick(woman) is called when another is to be highlighted, save() when its experiment is asked for.
// @return {restart(start): no women yet; add(block, first); show(age, woman)}
export function make_class(place, pick, save) {
    let women = new_women(), start = 0, shown = null, waiting = 0, speech = 0, bands = {};
    const input = element("input", { type: "number", min: 1, max: of_class.max, step: 1 });
    input.addEventListener("input", () => input.checkValidity() && input.value !== "" && pick(Number(input.value)));
    const said = element("p", { role: "status" }), of_one = element("p", {}), charts = element("div", { className: "charts two" });
    const canvas = Object.fromEntries(scenarios.map((arm) => {
        const one = element("canvas", { ariaHidden: "true" });
        one.addEventListener("pointerdown", (event) => women.n > 0 && pick(nearest(arm, event)));
        charts.append(element("div", {}, element("h3", { textContent: words.class.chart(words.scenario_long[arm]) }), one));
        return [arm, one];
    }));
    const keys = element("p", { className: "keys" }, ...["normal", "osteopenia", "osteoporosis"].map((name) =>
        keyed(element("span", { className: `key ${name}` }), words.bands[name])), keyed(element("span", { className: "cross", textContent: "\u2715" }), words.class.broke));
    place.replaceChildren(said, keys, element("p", { className: "keys", textContent: words.t_of }), charts, element("label", {}, words.class.one, input), of_one, button(words.class.file, save));

    const frame = { left: 34, right: 8, top: 8, bottom: 24, height: 260, low: -5, high: 2 };
    const x_of = (j, width) => frame.left + ((width - frame.left - frame.right) * women.years[j]) / women.years[women.years.length - 1];
    const y_of = (t) => frame.top + ((frame.height - frame.top - frame.bottom) * (frame.high - t)) / (frame.high - frame.low);
    const index_of = (age) => Math.max(0, women.years.findLastIndex((one) => start + one <= age + 1e-6));

    function nearest(arm, event) {
        const box = canvas[arm].getBoundingClientRect(), y = event.clientY - box.top;
        const along = (event.clientX - box.left - frame.left) / (box.width - frame.left - frame.right);
        const j = Math.min(women.years.length - 1, Math.max(0, Math.round(along * (women.years.length - 1))));
        const far = women.t[arm].map((t) => Math.abs(y_of(t[j]) - y));
        return far.indexOf(Math.min(...far.filter((one) => one >= 0))) + 1;
    }

    function draw(arm) {
        const on = canvas[arm], width = on.parentElement.clientWidth, scale = devicePixelRatio, context = on.getContext("2d"), seen = {};
        const of_page = (name) => (seen[name] ??= css(name)); // asking costs more than drawing
        Object.assign(on, { width: width * scale, height: frame.height * scale });
        Object.assign(on.style, { width: `${width}px`, height: `${frame.height}px` });
        context.scale(scale, scale);
        const { years, t, broken } = women, j = index_of(shown.age), last = years.length - 1;
        const path = (values) => {
            context.beginPath();
            values.forEach((y, k) => context.lineTo(x_of(k, width), y_of(y)));
        };
        context.font = "12px system-ui, sans-serif";
        context.fillStyle = of_page("--soft");
        for (const limit of [2, 0, limits.osteopenia, limits.osteoporosis, -4]) context.fillText(String(limit).replace("-", "\u2212"), 4, y_of(limit) + 4);
        for (let age = Math.ceil(start); age <= start + years[last]; age += 2) context.fillText(age, frame.left + ((width - frame.left - frame.right) * (age - start)) / years[last] - 6, frame.height - 6);
        context.strokeStyle = of_page("--line");
        for (const limit of Object.values(limits)) path(years.map(() => limit)), context.stroke();
        const line = (i, colour, thickness, opacity) => {
            [context.strokeStyle, context.lineWidth, context.globalAlpha] = [of_page(colour), thickness, opacity];
            path(t[arm][i].slice(0, j + 1));
            context.stroke();
            const at = broken[arm][i].indexOf(true);
            [context.fillStyle, context.globalAlpha] = [of_page("--ink"), 1];
            if (at >= 0 && at <= j) context.fillText("\u2715", x_of(at, width) - 5, y_of(t[arm][i][at]) + 4);
        };
        const colour = (i) => `--${class_of(t[arm][i][j])}`, one_of = shown.woman - 1;
        t[arm].forEach((_, i) => line(i, colour(i), 1, 0.5));
        if (bands[arm]) {
            const { low, middle, high } = bands[arm];
            path(low);
            high.forEach((_, k) => context.lineTo(x_of(last - k, width), y_of(high[last - k])));
            context.fillStyle = `${of_page("--ink")}14`;
            context.fill();
            path(middle);
            [context.strokeStyle, context.lineWidth] = [of_page("--ink"), 1.5];
            context.stroke();
        }
        if (t[arm][one_of]) for (const [name, thickness] of [["--paper", 9], ["--ink", 6], [colour(one_of), 3]]) line(one_of, name, thickness, 1);
    }
    function band(arm) {
        const of = (p) => women.years.map((_, j) => quantile(women.t[arm].map((t) => t[j]).filter((y) => y !== undefined).sort((p, q) => p - q), p));
        return { low: of(0.05), middle: of(0.5), high: of(0.95) };
    }
    function speak() {
        if (women.n === 0) return;
        const j = index_of(shown.age), age = start + women.years[j];
        said.textContent = words.class.sentence(women.n, Number(age.toFixed(1)), Number(start.toFixed(1)), counted(women, j));
        const i = shown.woman - 1, of = (arm) => women.t[arm][i]?.[j];
        const broke = (arm) => (women.broken[arm][i]?.[j] ? start + women.years[women.broken[arm][i].indexOf(true)] : null);
        of_one.textContent = of("a") === undefined || of("b") === undefined ? "" : words.class.sentence_of_one(shown.woman,
            Object.fromEntries(scenarios.map((arm) => [arm, { t: of(arm), broke: broke(arm) }])));
    }
    function show(age, woman) {
        shown = { age: Math.max(age, start), woman };
        if (input !== document.activeElement) input.value = woman;
        if (women.n === 0) return;
        waiting ||= requestAnimationFrame(() => {
            waiting = 0;
            if (women.n === 0) return;
            scenarios.forEach(draw);
            clearTimeout(speech);
            speech = setTimeout(speak, 150); // once for all changes until then
        });
    }
    return {
        restart(at) {
            [women, bands, start] = [new_women(), {}, at];
            said.textContent = words.class.wait;
            said.dataset.n = 0;
        },
        add(block, first) {
            add_women(women, block, first);
            said.dataset.n = women.n;
            if (women.n === of_class.max) scenarios.forEach((arm) => (bands[arm] = band(arm)));
            if (shown) show(shown.age, shown.woman);
        },
        show,
    };
}
