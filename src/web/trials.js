// SPDX-License-Identifier: GPL-3.0-or-later
// Trials: what was observed, and what the model says of women of such a trial.
import { element, captioned, keyed, css } from "./parts.js";
import { sites } from "./experiment.js";
import { year } from "./curves.js";
import { svg_chart, svg_of } from "./svg.js";
import { words } from "./words.js";

export const n_women = 100; // who take part
const month = year / 12; // d
const hues = ["--a", "--b", "--normal", "--osteoporosis"], looks = ["none", "9 5", "2 4", "12 4 2 4"];

export function new_cohort() {
    return { months: [], women: {} };
}
// women: {arm: {site: [woman][time]}}; a woman whose equations could not be integrated has no values.
export function add_to_cohort(cohort, { arms, outputs, times, values, n }) {
    cohort.months = times.map((t) => t / month);
    const m = times.length;
    arms.forEach((arm, a) => {
        cohort.women[arm] ??= Object.fromEntries(sites.map((site) => [site, []]));
        for (let i = 0; i < n; i++)
            for (const site of sites) {
                const of = values.subarray(((a * n + i) * outputs.length + outputs.indexOf(`scanned_bmd[${site}]`)) * m).subarray(0, m);
                if (!Number.isNaN(of[0])) cohort.women[arm][site].push(of);
            }
    });
}
export const middle = { // of one value of each woman
    mean: (values) => values.reduce((sum, one) => sum + one, 0) / values.length,
    median(values) {
        const sorted = [...values].sort((p, q) => p - q), half = (sorted.length - 1) / 2;
        return (sorted[Math.floor(half)] + sorted[Math.ceil(half)]) / 2;
    },
};
// What the model says of a row: percent of change from one month to another, as the row's statistic.
export function simulated(cohort, { arm, versus, site, from, to, statistic }) {
    const at = (months) => cohort.months.findIndex((one) => Math.abs(one - months) < 0.01);
    const of = (name) => middle[statistic](cohort.women[name][site].map((y) => 100 * (y[at(to)] / y[at(from)] - 1)));
    return of(arm) - (versus ? of(versus) : 0);
}

// place: an empty element; list: the trials of trials.mjs; run(yaml, n, take) simulates, pick(name) chooses.
// @return {show(name), stop()}
export function make_trials(place, list, run, pick) {
    const choice = element("select", {}, ...list.map(({ name, title }) => element("option", { value: name, textContent: title })));
    const said = element("p", { role: "status" }), charts = element("div", { className: "charts two" }), keys = element("p", { className: "keys" });
    const table = element("div", { className: "wide", tabIndex: 0 });
    place.replaceChildren(element("label", {}, words.trials.choose, choice), said, keys, charts, element("p", { className: "keys", textContent: words.trials.help }), table);
    choice.addEventListener("change", () => pick(choice.value));
    let shown = null, stop = () => {};

    function draw(trial, cohort) {
        const used = [...new Set(trial.rows.flatMap(({ arm, versus }) => (versus ? [`${arm} ${versus}`] : [arm])))];
        const look = (key) => ({ colour: css(hues[used.indexOf(key)]), dash: looks[used.indexOf(key)] });
        const name_of = (key) => key.split(" ").map((arm) => trial.labels[arm]).join(words.trials.against);
        keys.replaceChildren(...used.map((key) => {
            const one = element("span", { className: "key" });
            one.style.borderTop = `3px ${looks[used.indexOf(key)] === "none" ? "solid" : "dashed"} ${css(hues[used.indexOf(key)])}`;
            return keyed(one, name_of(key));
        }));
        const colours = { ink: css("--ink"), soft: css("--soft"), line: css("--line"), paper: css("--paper") };
        const rows = trial.rows.map((row) => ({ ...row, key: row.versus ? `${row.arm} ${row.versus}` : row.arm, said: simulated(cohort, row) }));
        const room = (parseFloat(getComputedStyle(charts).gridTemplateColumns) || charts.clientWidth) / (parseFloat(getComputedStyle(document.documentElement).fontSize) / 16);
        const size = { width: Math.min(520, room), height: 260 }; // as wide as its column, so that its letters are as large as others
        charts.replaceChildren(...sites.map((site) => {
            const own = rows.filter((row) => row.site === site), statistic = own[0]?.statistic ?? "mean";
            const curve = (key, to) => simulated(cohort, { arm: key.split(" ")[0], versus: key.split(" ")[1], site, from: 0, to, statistic });
            const lines = used.map((key) => ({ x: cohort.months, y: cohort.months.map((to) => curve(key, to)), ...look(key) }));
            const points = own.map((row) => { // a change from a later month is drawn from the curve
                const base = row.from > 0 ? curve(row.key, row.from) : 0, up = (value) => (value === null ? null : value + base);
                return { x: row.to, y: up(row.value), low: up(row.low), high: up(row.high), colour: look(row.key).colour };
            });
            const all = [...lines.flatMap(({ y }) => y), ...points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y])], [low, high] = [Math.min(...all), Math.max(...all)];
            const title = words.trials.chart(words.site[site]), holder = element("div", {});
            const chart = svg_chart({ ...size, title, x: [0, Math.max(...cohort.months)], y: [low - 0.05 * (high - low), high + 0.05 * (high - low)], lines, points }, colours);
            holder.innerHTML = svg_of(size.width, size.height, [chart], 'aria-hidden="true"');
            return holder;
        }));
        const number = (value) => `${value > 0 ? "+" : ""}${value.toFixed(1)}`.replace("-", "\u2212"), tenths = (value) => Math.round(10 * value) / 10;
        const cell = (tag, textContent, more) => element(tag, { textContent, ...more });
        const head = element("tr", {}, ...words.trials.columns.map((text) => cell("th", text, { scope: "col" })));
        table.replaceChildren(element("table", {}, captioned(words.trials.caption(n_women)), element("thead", {}, head), element("tbody", {}, ...rows.map((row) => element("tr", {},
            cell("th", name_of(row.key), { scope: "row" }), cell("td", words.site[row.site]), cell("td", words.trials.months(row.from, row.to)), cell("td", number(row.value)),
            cell("td", row.low === null ? words.trials.no_interval : `${number(row.low)} \u2026 ${number(row.high)}`), cell("td", number(row.said)), cell("td", number(tenths(row.said) - tenths(row.value))),
            cell("td", words.trials.role[row.role]), cell("td", row.source))))));
        const misfits = rows.map(({ said, value }) => Math.abs(said - value)), worst = misfits.indexOf(Math.max(...misfits));
        said.textContent = words.trials.sentence(rows.length, middle.median(misfits), misfits[worst], { ...rows[worst], arm: name_of(rows[worst].key) });
    }
    return {
        show(name) {
            if (name === shown) return;
            stop();
            shown = choice.value = name;
            said.textContent = words.trials.wait;
            for (const one of [charts, keys, table]) one.replaceChildren();
            const trial = list.find((one) => one.name === name), cohort = new_cohort();
            let n = 0;
            stop = run(trial.yaml, n_women, (block) => {
                add_to_cohort(cohort, block);
                if ((n += block.n) === n_women) draw(trial, cohort);
            });
        },
        stop() {
            stop();
            shown = null;
        },
    };
}
