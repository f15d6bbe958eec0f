// SPDX-License-Identifier: GPL-3.0-or-later
// The desk: settings in, curves out. Every control changes the settings; the settings change every picture.
import { make_engine } from "./engine.js";
import { intervals, is_for } from "./drugs.js";
import { usual } from "./usual.mjs";
import { first_age, last_age, age_step, scenarios, sexes, person, habits, taken, shows, most_bars, initial, clamped, new_bar, dose_limits, to_fragment, from_fragment } from "./settings.js";
import { experiment, sites, age_at_start } from "./experiment.js";
import { curves, veiled, index_at, compared, csv } from "./curves.js";
import { make_chart } from "./chart.js";
import { make_life } from "./life.js";
import { lessons } from "./lessons.js";
import { lesson_words } from "./lesson_words.js";
import { make_lessons } from "./lesson_view.js";
import { make_sketch } from "./sketch.js";
import { make_view } from "./sheet.js";
import { make_crew } from "./workers.js";
import { make_panels } from "./panels.js";
import { by_id, element, button, captioned, keyed } from "./parts.js";
import { picture, png_of } from "./picture.js";
import { bone_path } from "./bench.js";
import { unlzma } from "./lzma.js";
import { words } from "./words.js";

// A labelled input; set(value) is called as it changes.
function field(label, input, set) {
    input.addEventListener("input", () => {
        if (input.type === "checkbox") set(input.checked);
        else if (input.tagName === "SELECT") set(input.value);
        else if (input.value !== "" && input.checkValidity()) set(Number(input.value));
    });
    const kind = input.type === "checkbox" ? "check" : "";
    return kind ? element("label", { className: kind }, input, label) : element("label", {}, label, input);
}
const number_input = (value, { min, max, step }) => element("input", { type: "number", min, max, step, value: Number(value.toPrecision(6)) });
const choice = (value, options) => {
    const select = element("select", {});
    for (const [key, text] of options) select.append(element("option", { value: key, textContent: text, selected: key === value }));
    return select;
};

function start_desk(engine, crew, trials) {
    let settings = initial(), result = null, drawn = null, opened = null, cursor = null, charts = [], waiting = 0, speech = 0, linking = 0, link = "", legend_of = "", note = "", is_moved = false, bone = null;
    const drugs = engine.models("drug").map(({ name }) => name).filter((name) => Object.hasOwn(usual, name));
    const titles = () => ({
        title: words.title,
        ...Object.fromEntries(scenarios.map((scenario) => [scenario, [...new Set(settings.bars.filter((bar) => bar.scenario === scenario)
            .map((bar) => words.drugs[bar.drug])), ...Object.keys(habits).filter((name) => settings.habits[scenario][name] > 0).map((name) => words.habit_names[name])].join(", ") || words.no_treatment])),
    });
    const yaml = () => experiment(settings, titles(), { more: panels.more(settings), bone: bone?.path });

    function problem(text) {
        by_id("problem").hidden = text === "";
        by_id("problem").textContent = text;
    }

    // Another text of the model of bone; null: the built-in one. What is wrong with it is thrown.
    function use_bone(text) {
        if (text === (bone?.text ?? null)) return;
        engine.edit(text === null ? null : bone_path, text);
        bone = text === null ? null : { path: bone_path, text };
        change(settings);
    }
    // Curves follow at the next frame, once for all changes until then.
    function change(next) {
        settings = clamped(next);
        note = "";
        if (opened !== null && opened >= settings.bars.length) opened = null;
        draw_controls();
        waiting ||= requestAnimationFrame(() => {
            waiting = 0;
            simulate();
        });
    }
    function simulate() {
        try {
            result = engine.run(yaml());
            problem(note);
        } catch (error) {
            problem(error.message);
            return;
        }
        draw_curves();
        clearTimeout(linking);
        linking = setTimeout(write_link, 150);
    }
    // The address follows once nothing has changed for a moment: browsers refuse more than some changes a second, and
    // take longer for one than for the curves.
    function write_link() {
        clearTimeout(linking);
        lesson.follow(settings);
        if (location.hash !== link) return; // another was given, and is read next
        const more = Object.entries({ l: lesson.text(), view: view.text() }).filter(([, text]) => text !== null);
        history.replaceState(null, "", `#${[to_fragment(settings), ...more.map((pair) => pair.join("="))].join("&")}`);
        link = location.hash;
    }

    // Another age than the mouse's: every chart shows it.
    function mark_age() {
        is_moved = true;
        for (const { chart } of charts) chart.setCursor({ left: chart.valToPos(cursor, "x"), top: 0 }, true, false);
        is_moved = false;
    }
    function look_at(age) {
        cursor = age;
        if (drawn === null) return; // the next run shows it
        mark_age();
        draw_readings();
        panels.looked();
    }
    // Both scenarios are the same: one line is shown. A value that is hidden is written as a question mark.
    const is_alone = () => settings.bars.length === 0 && JSON.stringify(settings.habits.a) === JSON.stringify(settings.habits.b);
    const shown_arms = () => (is_alone() ? ["a"] : scenarios);
    const written = (value, text) => (value === null ? "?" : text(value).replace("-", "\u2212"));
    const in_bone = (y) => y.toFixed(settings.show.measure === "percent" ? 1 : 2), in_why = (y) => y.toPrecision(3);
    // The age that sentence and headings speak of: the cursor's, else five years after the first treatment.
    const spoken_age = () => cursor ?? lesson.age() ?? Math.min(last_age, age_at_start(settings) + 5);
    function draw_curves() {
        drawn = veiled(curves(result, settings), lesson.veil());
        const shown = (arm, values) => (shown_arms().includes(arm) ? values : values.map(() => null));
        for (const { chart, names, bone } of charts) {
            const data = [drawn.ages];
            if (bone) {
                const { a, b, error } = drawn.bone[bone];
                data.push(a, shown("b", b));
                if (error) for (const arm of scenarios) for (const sign of [1, -1]) data.push(shown(arm, drawn.bone[bone][arm]).map((y, i) => (y === null ? null : y + sign * error[arm][i])));
            } else for (const name of names) for (const arm of scenarios) data.push(shown(arm, drawn.why[name][arm]));
            chart.setData(data);
        }
        if (cursor !== null) mark_age();
        draw_readings();
        draw_table();
        panels.drawn();
    }
    function draw_readings() {
        if (drawn === null) return;
        const age = spoken_age(), i = index_at(drawn.ages, age);
        const of_arm = (values, arm, text) => `${is_alone() ? "" : `${words.scenario[arm]} `}${written(values[arm][i], text)}`;
        const [ariaValueMin, ariaValueMax] = shown_ages(), ariaValueNow = Math.min(ariaValueMax, Math.max(ariaValueMin, age));
        for (const { reading, lines, keys, bone } of charts) {
            const text = bone ? in_bone : in_why;
            reading.data = `${words.at(age)} ${lines().map(([name, values]) => [name, shown_arms().map((arm) => of_arm(values, arm, text)).join(", ")].join(" ").trim()).join("; ")}`;
            Object.assign(keys, { ariaValueMin, ariaValueMax, ariaValueNow, ariaValueText: reading.data });
        }
        clearTimeout(speech);
        speech = setTimeout(() => {
            if (drawn === null) return; // charts were made anew
            const { difference, loss, hip } = compared(result, i), at = Number(age.toFixed(1)), { measure, scans } = settings.show;
            const read = scans ? words.read_by_scans(shown_arms().map((arm) => [is_alone() ? "" : words.scenario[arm], words.read_as[measure](written(drawn.bone[sites[0]][arm][i], in_bone))])) : "";
            by_id("sentence").textContent = lesson.veil() ? lesson_words.hidden
                : (is_alone() ? words.alone(at, loss.a, hip) : words.sentence(at, difference, loss) + (lesson.text() === null ? steepest() : "")) + read;
        }, 150);
    }
    // The year of the first treatment in B at which the spine loses most.
    function steepest() {
        const bar = settings.bars.filter(({ scenario }) => scenario === "b").sort((p, q) => p.from - q.from)[0];
        if (!bar || bar.to - bar.from < 2) return "";
        const spine = result.arms.b["bmd[lumbar_spine]"];
        const losses = Array.from({ length: Math.floor(bar.to - bar.from) }, (_, y) => {
            const [from, to] = [0, 1].map((k) => spine[index_at(drawn.ages, bar.from + y + k)]);
            return 100 * (to / from - 1);
        });
        const least = Math.min(...losses);
        return least < -1 ? words.steepest(losses.indexOf(least) + 1, least) : "";
    }
    by_id("numbers").addEventListener("toggle", draw_table);
    function draw_table() {
        if (!by_id("numbers").open || drawn === null) return;
        const [from, to] = shown_ages(), step = settings.show.whole ? 1 : 0.5;
        const columns = [...sites.map((site) => [words.site[site], drawn.bone[site], in_bone]),
            ...Object.entries(drawn.why).map(([name, of]) => [words.columns[name], of, in_why])]
            .flatMap(([title, of, text]) => shown_arms().map((arm) => ({ title: `${title} ${words.scenario[arm]}`, values: of[arm], text })));
        const head = [words.age, ...columns.map(({ title }) => title)], rows = [];
        for (let age = from; age <= to; age += step) {
            const i = index_at(drawn.ages, age), cells = columns.map(({ values, text }) => written(values[i], text));
            rows.push(element("tr", {}, element("th", { scope: "row", textContent: age }), ...cells.map((text) => element("td", { textContent: text }))));
        }
        by_id("table").replaceChildren(element("table", {}, captioned(`${words.table_caption}: ${measure_title()}`),
            element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col", textContent: text })))), element("tbody", {}, ...rows)));
    }
    const measure_title = () => {
        const { percent, t_score } = settings.show.scans ? words.scanned : words;
        return settings.show.measure === "percent" ? percent(first_age) : t_score;
    };

    function shown_ages() {
        const line = lesson.line(), veil = lesson.veil();
        if (line && veil) return [Math.max(first_age, veil.age - 3), line.draw.ages.at(-1)];
        if (settings.show.whole) return [first_age, last_age];
        const from = Math.min(age_at_start(settings), last_age - 10);
        return [from, from + 10];
    }
    // The age that is looked at, by keys on a chart.
    function by_keys(event) {
        const [from, to] = shown_ages(), now = spoken_age();
        const next = { ArrowLeft: now - age_step, ArrowDown: now - age_step, ArrowRight: now + age_step, ArrowUp: now + age_step, PageDown: now - 10, PageUp: now + 10, Home: from, End: to }[event.key];
        if (next === undefined) return;
        event.preventDefault();
        look_at(Math.min(to, Math.max(from, Math.round(next / age_step) * age_step)));
    }
    // A guess is drawn over the percent of the spine.
    const line_on = (site) => (site === sites[0] && settings.show.measure === "percent" && !settings.show.scans ? lesson.line() : null);
    function make_charts() {
        const on_cursor = (i) => {
            if (is_moved || drawn === null) return;
            cursor = i === null ? null : drawn.ages[i];
            draw_readings();
            panels.looked();
        };
        for (const { chart } of charts) chart.destroy();
        charts = [];
        drawn = null; // the next run has what these charts show; the last may not
        const add = (parent, title, lines, options, more) => {
            const place = element("div", {});
            parent.append(place);
            const chart = make_chart(place, title, { range: shown_ages, on_cursor, ...options });
            const reading = new Text(), keys = chart.root.querySelector("canvas");
            Object.assign(keys, { tabIndex: 0, role: "slider", ariaLabel: `${title} ${words.age}` });
            keys.addEventListener("keydown", by_keys);
            place.querySelector("h3").append(" ", element("b", {}, reading));
            charts.push({ chart, reading, lines, keys, ...more });
        };
        for (const id of ["bone", "why"]) by_id(id).replaceChildren();
        for (const site of sites) {
            const lines = scenarios.map((scenario) => ({ label: scenario, scenario, width: 3 }));
            add(by_id("bone"), `${words.site[site]}: ${measure_title()}.`, () => [["", drawn.bone[site]]], {
                lines, height: innerWidth < 500 ? 230 : 300, with_error: settings.show.scans,
                bands: settings.show.measure === "t_score" ? words.bands : null, extent: () => line_on(site)?.draw,
            }, { bone: site });
            const line = line_on(site);
            if (line) make_sketch(charts.at(-1).chart, line);
        }
        const why = { estradiol: settings.sex === "man" ? ["estradiol", "testosterone"] : ["estradiol"], balance: ["rankl_opg_ratio", "osteoclasts", "osteoblasts"], markers: ["ctx", "p1np"] };
        const styles = { rankl_opg_ratio: { width: 1.5, dash: [2, 3] }, osteoblasts: { width: 1.2 }, p1np: { width: 1.2 }, testosterone: { width: 1.2 } };
        for (const [name, names] of Object.entries(why)) {
            const lines = names.flatMap((one) => scenarios.map((scenario) => ({ label: `${one} ${scenario}`, scenario, ...styles[one] })));
            add(by_id("why"), `${words.chart[name]}${names.includes("testosterone") ? words.chart.testosterone : ""}.`, () => names.filter((one) => words.read_of[one] !== undefined).map((one) => [words.read_of[one], drawn.why[one]]), { lines, height: 190, log: name === "estradiol" }, { names });
        }
    }

    const life = make_life(by_id("life"), change, (i) => {
        opened = opened === i ? null : i;
        draw_controls();
        if (opened !== null) by_id("card").querySelector("select")?.focus();
    });
    function close_card() {
        const bar = opened;
        opened = null;
        draw_controls();
        by_id("life").querySelector(`[data-key="bar${bar}"]`)?.focus();
    }
    by_id("life-section").addEventListener("keydown", ({ key }) => key === "Escape" && opened !== null && close_card());
    function draw_controls() {
        life(settings, opened);
        document.body.dataset.sex = settings.sex;
        document.documentElement.classList.toggle("large", settings.show.large);
        by_id("large").ariaPressed = String(settings.show.large);
        by_id("add").hidden = settings.bars.length >= most_bars;
        const label = titles();
        const legend = shown_arms().map((scenario) => label[scenario]).join("\n");
        if (legend !== legend_of) by_id("legend").replaceChildren(...shown_arms().map((scenario) =>
            keyed(element("span", { className: `key ${scenario}` }), `${words.scenario[scenario]}: ${label[scenario]}`)));
        legend_of = legend;
        by_id("reads").hidden = !settings.show.scans;
        by_id("t-score").hidden = settings.show.measure !== "t_score";
        for (const [input, read] of followed) {
            const value = read(settings);
            if (input === document.activeElement) continue;
            if (input.type === "checkbox") input.checked = value;
            else input.value = typeof value === "number" ? Number(value.toPrecision(6)) : value;
        }
        for (const [legend, scenario] of habit_legends) legend.textContent = words.habits(words.scenario[scenario], age_at_start(settings), settings.bars.length > 0, settings.sex);
        draw_card();
    }

    // The form of a bar is made once as it is opened, or its drug changes; then its values follow the bar.
    let card_of = "", card = {};
    function draw_card() {
        const form = by_id("card"), bar = settings.bars[opened];
        form.hidden = bar === undefined;
        const key = bar ? `${opened} ${bar.drug}` : "";
        if (bar && key !== card_of) make_card(form, opened);
        card_of = key;
        for (const [name, input] of Object.entries(card))
            if (bar && input !== document.activeElement) input.value = typeof bar[name] === "number" ? Number(bar[name].toPrecision(6)) : bar[name];
    }
    function make_card(form, i) {
        const bar = settings.bars[i], age = { min: first_age, max: last_age, step: age_step };
        const refocus = document.activeElement?.name;
        const set = (name) => (value) => {
            const next = structuredClone(settings);
            next.bars[i] = name === "drug" ? { ...new_bar(value, bar.from, next.bars[i].scenario), from: next.bars[i].from } : { ...next.bars[i], [name]: value };
            change(next);
        };
        card = {
            drug: choice(bar.drug, drugs.filter((drug) => is_for(drug, settings.sex)).map((drug) => [drug, words.drugs[drug]])),
            scenario: choice(bar.scenario, scenarios.map((scenario) => [scenario, words.scenario[scenario]])),
            from: number_input(bar.from, age), to: number_input(bar.to, age),
            dose: number_input(bar.dose, { ...dose_limits(bar.drug), step: "any" }),
            every: choice(bar.every, intervals.map((interval) => [interval, words.intervals[interval]])),
            taken: number_input(bar.taken, taken),
        };
        const labels = { drug: words.drug, scenario: words.of_scenario, from: words.from, to: words.to, dose: `${words.dose}, ${usual[bar.drug].unit}`, every: words.every, taken: words.taken };
        for (const [name, input] of Object.entries(card)) input.name = name;
        const remove = element("button", { type: "button", textContent: words.remove }), close = element("button", { type: "button", textContent: words.close });
        remove.addEventListener("click", () => {
            opened = null;
            change({ ...settings, bars: settings.bars.filter((_, k) => k !== i) });
            by_id("add").focus();
        });
        close.addEventListener("click", close_card);
        form.replaceChildren(...Object.entries(card).map(([name, input]) => field(labels[name], input, set(name))), remove, close);
        if (refocus && card[refocus]) card[refocus].focus();
    }

    // All other controls: followed are [input, what it shows of settings].
    let followed = [], habit_legends = [];
    function make_fields() {
        followed = [];
        const follows = (input, read) => {
            followed.push([input, read]);
            return input;
        };
        const set = (group, name, again) => (value) => {
            const next = structuredClone(settings);
            (group === null ? next : group === "a" || group === "b" ? next.habits[group] : next[group])[name] = value;
            settings = clamped(next);
            if (again) make_charts();
            change(settings);
        };
        const numbers = (group, table, labels, values) => Object.entries(table).map(([name, limit]) =>
            field(labels[name], follows(Object.assign(number_input(values[name], limit), { name }), (of) => (group === "person" ? of.person : of.habits[group])[name]), set(group, name)));
        const legend = (textContent) => element("legend", { textContent }), group = (title, ...children) => element("fieldset", {}, title, ...children);
        const box = (read) => follows(element("input", { type: "checkbox" }), read), scans = box(({ show }) => show.scans), zoom = box(({ show }) => !show.whole);
        habit_legends = scenarios.map((scenario) => [legend(""), scenario]);
        by_id("fields").replaceChildren(
            group(legend(words.display), field(words.show_as, choice(settings.show.measure, shows.measure.map((one) => [one, words.measure[one]])), set("show", "measure", true)),
                field(words.scans, scans, set("show", "scans", true)), field(words.zoom, zoom, (value) => set("show", "whole", true)(!value))),
            group(legend(words.person), field(words.sex, choice(settings.sex, sexes.map((one) => [one, words.sexes[one]])), set(null, "sex", true)),
                ...numbers("person", person, words.person_fields, settings.person)),
            ...habit_legends.map(([title, scenario]) => group(title, ...numbers(scenario, habits, words.habit_fields, settings.habits[scenario]))));
    }

    function save(name, parts, type) {
        const link = element("a", { href: URL.createObjectURL(new Blob(parts, { type })), download: name });
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }
    function make_keep() {
        const said = element("p", { role: "status", textContent: words.file_help });
        by_id("keep").replaceChildren(
            button(words.link, () => {
                write_link();
                navigator.clipboard.writeText(location.href).then(() => (said.textContent = words.linked), () => (said.textContent = words.linked_only));
            }),
            button(words.file, () => save("osteon.yaml", [yaml()], "text/yaml")),
            button(words.csv, () => save("osteon.csv", [csv(result, settings)], "text/csv")),
            button(words.png, async () => save("osteon.png", [await png_of(of_bone())], "image/png")),
            button(words.svg, () => save("osteon.svg", [of_bone()], "image/svg+xml")), said);
    }
    const of_bone = () => picture({
        drawn, arms: shown_arms(), range: shown_ages(), bands: settings.show.measure === "t_score" ? words.bands : null,
        title: (site) => `${words.site[site]}: ${measure_title()}`,
        legend: Object.fromEntries(scenarios.map((scenario) => [scenario, `${words.scenario[scenario]}: ${titles()[scenario]}`])), sentence: by_id("sentence").textContent,
    });

    // Lessons, and what belongs to them for the teacher.
    function make_index() {
        const row = (name) => element("li", {}, button(lesson_words.lessons[name].title, () => lesson.open(name)), " ",
            Object.assign(button(lesson_words.sheet, () => view.open(`sheet/${name}`)), { ariaLabel: lesson_words.sheet_of(lesson_words.lessons[name].title) }));
        const large = button(lesson_words.large, () => {
            change({ ...settings, show: { ...settings.show, large: !settings.show.large } });
            make_charts();
        });
        large.id = "large";
        by_id("lessons").replaceChildren(element("summary", { textContent: lesson_words.index }), element("ol", {}, ...Object.keys(lessons).map(row)),
            element("p", { className: "row" }, large, button(lesson_words.omits, () => view.open("omits"))));
    }

    // Other settings, in the type of now.
    function restart(next) {
        settings = { ...next, show: { ...next.show, large: settings.show.large } };
        opened = null;
        make_fields();
        make_charts();
        change(settings);
    }
    by_id("reset").addEventListener("click", () => {
        view.open(null);
        lesson.close();
        cursor = null;
        panels.forget();
        restart(initial());
    });
    by_id("add").addEventListener("click", () => {
        opened = settings.bars.length;
        change({ ...settings, bars: [...settings.bars, new_bar("zoledronic_acid", age_at_start(settings), "b")] });
        by_id("card").querySelector("select").focus();
    });
    function read_link() {
        link = location.hash;
        const fields = new URLSearchParams(link.slice(1));
        try {
            const given = from_fragment(link);
            if (given) settings = given;
            if (fields.has("l")) lesson.open(fields.get("l"), given);
            else {
                lesson.close();
                restart(given ?? initial());
            }
            view.open(fields.get("view"));
        } catch (error) {
            lesson.close();
            restart(initial());
            note = words.bad_link(error.message);
        }
    }
    addEventListener("hashchange", read_link);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
        make_charts();
        draw_curves();
    });
    const panels = make_panels({ settings: () => settings, titles, result: () => result, age: spoken_age, look_at, change, engine, crew, trials, problem,
        bone: () => bone, use_bone, save: (name, text) => save(name, [text], "text/plain") });
    const run = (other) => engine.run(experiment(other, { ...titles(), a: "A", b: "B" }));
    const view = make_view({ run, changed: write_link });
    const how_shown = ({ show: { measure, scans, whole } }) => ({ measure, scans, whole });
    const lesson = make_lessons({
        run, look_at, changed: write_link, sheet: (name) => view.open(`sheet/${name}`), shown: () => how_shown(settings), first_shown: how_shown(initial()),
        restart(next, age) {
            panels.forget();
            cursor = age;
            restart(next);
        },
        ended(show) {
            cursor = null;
            restart({ ...settings, show: { ...settings.show, ...show } });
        },
        redraw() {
            make_charts();
            change(settings);
        },
    });
    make_keep();
    make_index();
    read_link();
    requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("ready"))); // curves are painted
}

for (const one of document.querySelectorAll("[data-word]")) one.textContent = words[one.dataset.word];
document.title = `osteon: ${words.title}`;
by_id("licences").addEventListener("toggle", async () => {
    by_id("licences").querySelector("pre").textContent = new TextDecoder().decode(unlzma(packed("licence-text")));
}, { once: true });
try {
    const engine = await make_engine(unlzma(packed("engine")));
    start_desk(engine, make_crew(worker_script, engine.module), async () => JSON.parse(new TextDecoder().decode(unlzma(packed("trial-data")))));
} catch (error) {
    by_id("problem").hidden = false;
    by_id("problem").textContent = error.message;
}
