// SPDX-License-Identifier: GPL-3.0-or-later
// The loop: what acts on what, at the age that is looked at. Widths of arrows and sizes of circles are the model's numbers;
// each arrow opens its equations and their sources, from the text of the models.
import { first_age, last_age } from "./settings.js";
import { element, svg } from "./parts.js";
import { words } from "./words.js";

const site = "lumbar_spine"; // whose resorption and formation are shown
export const loop_outputs = ["estrogen_deficit", "rankl", "opg", "free_rankl", "resorption", "formation"];

// Where circles are, [x, y] in a wide and in a narrow picture, and the power of their level that is their size.
const nodes = {
    drug: { wide: [90, 60], narrow: [55, 60], power: 0.5 },
    estradiol: { wide: [90, 230], narrow: [55, 230], power: 0.2 },
    rankl: { wide: [300, 90], narrow: [180, 110], power: 0.5 },
    opg: { wide: [300, 310], narrow: [180, 300], power: 0.5 },
    osteoclast: { wide: [500, 90], narrow: [300, 110], power: 0.5 },
    osteoblast: { wide: [500, 310], narrow: [300, 300], power: 0.5 },
    bone: { wide: [650, 200], narrow: [180, 430], power: 1 },
};
const pictures = { wide: [720, 390], narrow: [360, 500] };

// Arrows of the model of bone: sign +1 for more, -1 for less; level: the output whose change since the first age is the
// width; of: the names that its statements define.
export const arrows = [
    { from: "estradiol", to: "rankl", sign: -1, level: "receptor", of: ["K_E", "n_E", "h", "activity", "d", "a_L", "by_hormones", "L"] },
    { from: "estradiol", to: "opg", sign: 1, level: "receptor", of: ["d", "a_O", "O"] },
    { from: "opg", to: "rankl", sign: -1, level: "opg", of: ["K_O", "free"] },
    { from: "rankl", to: "osteoclast", sign: 1, level: "free_rankl", of: ["K_R", "occupied", "K_A", "by_rank", "Q'", "N1'", "N2'", "C'"] },
    { from: "estradiol", to: "osteoclast", sign: -1, level: "receptor", of: ["a_C", "C'"] },
    { from: "osteoclast", to: "bone", sign: -1, level: `resorption[${site}]`, of: ["resorbing", "gamma", "R"] },
    { from: "osteoclast", to: "osteoblast", sign: 1, level: `resorption[${site}]`, of: ["k_P", "G'", "P'", "k_B", "B'"] },
    { from: "osteoblast", to: "bone", sign: 1, level: `formation[${site}]`, of: ["b", "refilled", "F", "Y'", "tau"] },
];
// What signals of drugs act on, and how.
export const targets = {
    aromatase_inhibition: ["estradiol", -1], estradiol_supply: ["estradiol", 1], gonadal_suppression: ["estradiol", -1],
    serm: ["rankl", 1], serm_agonism: ["rankl", -1], bisphosphonate: ["osteoclast", -1], denosumab: ["rankl", -1],
    teriparatide: ["osteoblast", 1], sclerostin_antibody: ["osteoblast", 1], testosterone_supply: ["estradiol", 1],
};

// Statements of a model's text, [{verb, name, text}]: a line and those that are indented below it. An equation of a state is
// named with a prime.
export function statements(text) {
    return text.split(/\n(?=[^\s#])/).map((part) => part.split("\n").filter((line, i) => i === 0 || /^\s+\S/.test(line)).join("\n")).flatMap((one) => {
        const [, verb, name] = one.match(/^(\w+) (?:also )?(\w+)/) ?? [], state = one.match(/^(\w+)(\[\w+\])?' =/);
        return state ? [{ verb: "rate", name: `${state[1]}'`, text: one }] : verb ? [{ verb, name, text: one }] : [];
    });
}
const definitions = (text, names) => {
    const all = statements(text);
    return names.flatMap((name) => all.filter((one) => one.name === name && ["param", "let", "rate"].includes(one.verb)).map((one) => one.text));
};

// The signal of a drug that acts first in the loop, its output that tells how much of it there is, and what its arrow opens:
// how the drug drives the signal, and what is made of it.
export function action(drug, others) {
    const all = statements(drug.text), drives = all.filter(({ verb, name }) => verb === "drives" && Object.hasOwn(targets, name));
    const signal = drives[0].name, outputs = all.filter(({ verb }) => verb === "output").map(({ name }) => name);
    const uses = (one) => ["let", "rate", "drives"].includes(one.verb) && new RegExp(`\\b${signal}\\b`).test(one.text.replace(/"[^"]*"/g, ""));
    return {
        signal, target: targets[signal][0], sign: targets[signal][1], output: outputs.find((name) => name.endsWith("_exposure")) ?? outputs[0],
        texts: [{ name: drug.name, text: drives.map((one) => one.text).join("\n") },
            ...others.map(({ name, text }) => ({ name, text: statements(text).filter(uses).map((one) => one.text).join("\n") })).filter(({ text }) => text)],
    };
}

// place: an empty element; desk: {engine, settings(), look_at(age), follow(scenario)}.
// @return {more(settings): outputs it needs; draw(result, start), show(age)}
export function make_loop(place, desk) {
    const drugs = Object.fromEntries(desk.engine.models("drug").map((one) => [one.name, one]));
    const others = ["bone", "hormones"].flatMap((kind) => desk.engine.models(kind)), bone = others.find(({ name }) => name === "aibl");
    const actions = {}, of_drug = (name) => (actions[name] ??= action(drugs[name], others));
    let scenario = "b", drugs_given = [], result = null, start = 0, drawn = "", parts = {}, circles = {}, halt = null, opened = null;

    const play = element("button", { type: "button", textContent: words.loop.play });
    const age = element("input", { type: "range", min: first_age, max: last_age, step: 0.25 }), age_shown = new Text();
    const follow = element("select", {}, ...["b", "a"].map((value) => element("option", { value, textContent: words.scenario[value] })));
    const picture = svg("svg", { role: "group", "aria-label": words.loop.picture }), equations = element("div", { className: "equations", ariaLive: "polite" });
    const bar = element("div", { className: "bar-of-loop" }, play, element("label", {}, element("span", {}, `${words.age}: `, age_shown), age), element("label", {}, words.of_scenario, follow));
    place.replaceChildren(bar, picture, element("p", { className: "keys", textContent: words.loop.help }), equations);
    age.addEventListener("input", () => desk.look_at(Number(age.value)));
    follow.addEventListener("change", () => desk.follow(follow.value));

    // Ten years in ten seconds; a year at a time for who wants less motion.
    function stop() {
        halt?.();
        halt = null;
        play.textContent = words.loop.play;
    }
    play.addEventListener("click", () => {
        if (halt) return stop();
        const from = Math.min(start, last_age - 10), began = performance.now();
        const show_at = (change) => {
            const years = Math.min(10, change((performance.now() - began) / 1000));
            desk.look_at(from + years);
            if (years === 10) stop();
        };
        play.textContent = words.loop.stop;
        if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
            const timer = setInterval(() => show_at(Math.round), 1000);
            halt = () => clearInterval(timer);
        } else {
            let timer = 0;
            const step = () => {
                timer = requestAnimationFrame(step);
                show_at((years) => years);
            };
            halt = () => cancelAnimationFrame(timer);
            step();
        }
    });

    // Text of models about an arrow.
    function open(key, title, said, texts) {
        opened = opened === key ? null : key;
        for (const [name, { group }] of Object.entries(parts)) group.setAttribute("aria-expanded", String(name === opened));
        equations.replaceChildren(...(opened === null ? [] : [element("h3", { textContent: title }), element("p", { textContent: said }),
            ...texts.flatMap(({ name, text }) => [element("p", { textContent: words.loop.from(name) }), element("pre", { textContent: text, tabIndex: 0 })])]));
    }

    function all_arrows() {
        const own = arrows.map((one) => ({ ...one, key: `${one.from} ${one.to}`, said: words.loop.said[`${one.from} ${one.to}`], texts: [{ name: "aibl", text: definitions(bone.text, one.of).join("\n") }] }));
        const of_bars = drugs_given.map((drug) => {
            const { target, sign, texts, output } = of_drug(drug);
            return { from: "drug", to: target, sign, level: output, key: `drug ${drug}`, drug, said: words.loop.drug(words.drugs[drug], words.loop.nodes[target]), texts };
        });
        return [...own, ...of_bars];
    }
    function make() {
        const shape = place.clientWidth < 600 ? "narrow" : "wide", list = all_arrows(), key = JSON.stringify([shape, list.map(({ key }) => key)]);
        if (key === drawn) return;
        drawn = key;
        opened = null;
        equations.replaceChildren();
        parts = {};
        const [width, height] = pictures[shape], at = (name) => nodes[name][shape];
        picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
        const marker = (id, path) => svg("marker", { id, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 22, markerHeight: 22, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" }, svg("path", { d: path }));
        picture.replaceChildren(svg("defs", {}, marker("more-of", "M0 0 L10 5 L0 10 z"), marker("less-of", "M8 0 L10 0 L10 10 L8 10 z")));
        circles = Object.fromEntries(Object.keys(nodes).map((name) => {
            const [x, y] = at(name), circle = svg("circle", { cx: x, cy: y, r: 20, class: `node ${name}` });
            const ring = svg("circle", { cx: x, cy: y, r: 46, class: "ring" }); // what is written stays inside
            const label = svg("text", { x, y: y - 4 }), value = svg("text", { x, y: y + 12, class: "value" });
            label.textContent = words.loop.nodes[name];
            return [name, { ring, circle, label, value }];
        }));
        const seen = {};
        for (const one of list) {
            const [x1, y1] = at(one.from), [x2, y2] = at(one.to), far = Math.hypot(x2 - x1, y2 - y1), gap = 48, bend = one.from === "drug" ? 18 * (seen[one.to] = (seen[one.to] ?? -1) + 1) : 0;
            const point = (from, by) => [from[0] + (by * (x2 - x1)) / far, from[1] + (by * (y2 - y1)) / far];
            const [a, b] = [point([x1, y1], gap), point([x2, y2], -gap)], middle = [(a[0] + b[0]) / 2 - (bend * (y2 - y1)) / far, (a[1] + b[1]) / 2 + (bend * (x2 - x1)) / far];
            const d = `M${a} Q${middle} ${b}`, line = svg("path", { d, class: `line ${one.sign > 0 ? "more" : "less"}`, "marker-end": `url(#${one.sign > 0 ? "more" : "less"}-of)` });
            const title = `${one.drug ? words.drugs[one.drug] : words.loop.nodes[one.from]} \u2192 ${words.loop.nodes[one.to]}`;
            const group = svg("g", { class: "arrow", tabindex: 0, role: "button", "aria-expanded": "false", "aria-label": `${title}: ${one.said}` }, svg("path", { d, class: "hit" }), line);
            const act = () => open(one.key, title, one.said, one.texts);
            group.addEventListener("click", act);
            group.addEventListener("keydown", (event) => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                act();
            });
            picture.append(group);
            parts[one.key] = { ...one, group, line };
        }
        for (const { ring, circle, label, value } of Object.values(circles)) picture.append(ring, circle, label, value);
    }

    function show(at_age) {
        if (result === null) return;
        if (age !== document.activeElement || halt) age.value = at_age;
        age_shown.data = at_age.toFixed(1).replace(".0", "");
        const all = result.arms[scenario], ages = result.times.length - 1;
        const i = Math.min(ages, Math.max(0, Math.round(((at_age - first_age) / (last_age - first_age)) * ages)));
        const since = (name) => all[name][i] / all[name][0];
        const now = { ...Object.fromEntries(["estradiol", "rankl", "opg"].map((name) => [name, since(name)])), osteoclast: since("osteoclasts"), osteoblast: since("osteoblasts"), bone: since(`bmd[${site}]`), receptor: 1 - all.estrogen_deficit[i] };
        const amount = (output) => all[output][i] / Math.max(...all[output], Number.MIN_VALUE);
        const given = drugs_given.map((drug) => [drug, amount(of_drug(drug).output)]).sort((p, q) => q[1] - p[1])[0];
        now.drug = given ? given[1] : 0;
        for (const one of Object.values(parts)) {
            const level = one.drug ? amount(one.level) : now[one.level] ?? since(one.level);
            one.line.setAttribute("stroke-width", Math.min(10, 0.75 + 2.2 * Math.max(0, level)).toFixed(2));
        }
        const texts = { ...Object.fromEntries(Object.keys(nodes).map((name) => [name, words.loop.times(now[name])])), estradiol: words.loop.level(all.estradiol[i]), bone: words.loop.percent(now.bone), drug: given ? words.loop.percent(now.drug) : "" };
        for (const [name, { circle, label, value }] of Object.entries(circles)) {
            circle.setAttribute("r", Math.min(46, 34 * Math.max(0, now[name]) ** nodes[name].power).toFixed(1));
            value.textContent = texts[name];
            if (name === "drug") label.textContent = given ? words.drugs[given[0]].split(",")[0] : words.loop.nodes.drug;
            label.style.fontSize = `${Math.min(13, 160 / label.textContent.length)}px`;
        }
    }
    return {
        more: (settings) => [...loop_outputs, ...new Set(settings.bars.map(({ drug }) => of_drug(drug).output))],
        draw(next, at) { // what is shown stays that of this run until the next
            const { bars, show } = desk.settings();
            [result, start, scenario] = [next, at, show.follow];
            drugs_given = [...new Set(bars.filter((one) => one.scenario === scenario).map(({ drug }) => drug))];
            follow.value = scenario;
            make();
        },
        show,
        stop,
    };
}
