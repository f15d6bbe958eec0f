// SPDX-License-Identifier: GPL-3.0-or-later
// The line of a life: an axis of age, menopause as a handle, treatments as bars. Dragged with a pointer or moved with
// arrow keys; each change is handed on as settings.
import { first_age, last_age, age_step, scenarios, person } from "./settings.js";
import { by_id, element } from "./parts.js";
import { words } from "./words.js";

const span = last_age - first_age;
const at = (age) => `${(100 * (age - first_age)) / span}%`;

// Rows of the bars of a scenario, so that no two overlap.
function rows_of(bars) {
    const ends = [], row = new Map();
    for (const bar of [...bars].sort((p, q) => p.from - q.from)) {
        let r = ends.findIndex((end) => end <= bar.from);
        if (r < 0) r = ends.length;
        ends[r] = bar.to;
        row.set(bar, r);
    }
    return { row, n: Math.max(1, ends.length) };
}

// What a drag of `years` and an arrow key do: move(years) is called with the sum since the drag began.
function movable(one, root, begin, keys) {
    one.addEventListener("pointerdown", (down) => {
        if (down.button !== 0) return;
        const move = begin(), width = root.clientWidth;
        let last = 0;
        down.preventDefault();
        one.focus({ preventScroll: true });
        const step = (event) => {
            const years = Math.round((span * (event.clientX - down.clientX)) / width / age_step) * age_step;
            if (years !== last) move((last = years));
        };
        const end = () => {
            removeEventListener("pointermove", step);
            removeEventListener("pointerup", end);
            removeEventListener("pointercancel", end);
        };
        addEventListener("pointermove", step);
        addEventListener("pointerup", end);
        addEventListener("pointercancel", end);
    });
    one.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: -age_step, ArrowDown: -age_step, ArrowRight: age_step, ArrowUp: age_step, PageDown: -5, PageUp: 5 };
        if (event.key in steps) {
            event.preventDefault();
            begin()(steps[event.key]);
        } else if (keys?.[event.key]) {
            event.preventDefault();
            keys[event.key]();
        }
    });
}

// root: an empty element; change(settings): takes new settings; open(i): shows the card of a bar.
// @return draw(settings, opened)
export function make_life(root, change, open) {
    let settings, open_bar, drawn = "", width = 0;
    const copy = () => structuredClone(settings);
    const set_bar = (base, i, values) => {
        const next = structuredClone(base);
        Object.assign(next.bars[i], values);
        change(next);
    };
    const slider = (tag, name, value, min, max, text) => {
        const one = element(tag, { tabIndex: 0, role: "slider" });
        one.setAttribute("aria-label", name);
        for (const [key, of] of Object.entries({ valuenow: value, valuemin: min, valuemax: max, valuetext: text })) one.setAttribute(`aria-${key}`, of);
        return one;
    };

    function draw_handle() {
        const { menopause } = settings.person;
        const one = slider("div", words.menopause, menopause, person.menopause.min, person.menopause.max, words.years(menopause));
        one.className = "handle";
        one.dataset.key = "menopause";
        one.style.left = at(menopause);
        const name = element("span", { textContent: `${words.menopause} ${menopause}` });
        name.style.transform = `translateX(-${at(menopause)})`; // never beyond either end
        one.append(name);
        movable(one, root, () => {
            const base = copy();
            return (years) => change({ ...base, person: { ...base.person, menopause: base.person.menopause + years } });
        });
        return one;
    }

    function draw_bar(i, top, opened) {
        const bar = settings.bars[i], drug = words.drugs[bar.drug];
        const name = words.bar(drug, words.scenario[bar.scenario], bar.from, bar.to);
        const grip = element("button", { type: "button", ariaExpanded: String(opened === i) }, element("span", { textContent: drug }));
        grip.setAttribute("aria-label", name);
        grip.dataset.key = `bar${i}`;
        const one = element("div", { className: `bar ${bar.scenario}` }, grip);
        one.style.left = at(bar.from);
        one.style.width = `${(100 * (bar.to - bar.from)) / span}%`;
        one.style.top = `${top}rem`;
        if (((bar.to - bar.from) / span) * width < 9 * drug.length + 16) one.classList.add("short");
        const remove = () => change({ ...copy(), bars: settings.bars.filter((_, k) => k !== i) });
        const keys = { Delete: remove, Backspace: remove };
        movable(grip, root, () => {
            const base = copy(), { from, to } = base.bars[i];
            return (years) => {
                const by = Math.min(last_age - to, Math.max(first_age - from, years));
                set_bar(base, i, { from: from + by, to: to + by });
            };
        }, keys);
        grip.addEventListener("click", () => open(i));
        for (const end of ["from", "to"]) {
            const edge = slider("i", end === "from" ? words.starts(drug) : words.ends(drug), bar[end], first_age, last_age, words.years(bar[end]));
            edge.className = end;
            edge.dataset.key = `bar${i}${end}`;
            movable(edge, root, () => {
                const base = copy(), { from, to } = base.bars[i];
                const inside = { from: (age) => Math.min(age, to - age_step), to: (age) => Math.max(age, from + age_step) }[end];
                return (years) => set_bar(base, i, { [end]: inside(base.bars[i][end] + years) });
            }, keys);
            one.append(edge);
        }
        return one;
    }

    // An element that is dragged or focused stays as long as its bar does: it is found again by its key.
    function draw(next, opened) {
        [settings, open_bar] = [next, opened];
        const key = JSON.stringify([settings.sex, settings.person.menopause, settings.bars.map(({ scenario, drug, from, to }) => [scenario, drug, from, to]), settings.show.large, opened]);
        if (key === drawn) return;
        [drawn, width] = [key, root.clientWidth];
        const focused = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
        const { menopause } = settings.person;
        const children = [], is_man = settings.sex === "man";
        for (const [phase, from, to] of is_man ? [["man", first_age, last_age]] : [["before", first_age, menopause], ["after", menopause, last_age]]) {
            const one = element("div", { className: `phase ${phase}`, textContent: words[phase] });
            one.style.left = at(from);
            one.style.width = `${(100 * (to - from)) / span}%`;
            children.push(one);
        }
        if (!is_man) children.push(draw_handle());
        let top = 3.1;
        for (const scenario of scenarios) {
            const { row, n } = rows_of(settings.bars.filter((bar) => bar.scenario === scenario));
            const lane = element("div", { className: "lane", textContent: words.scenario[scenario] });
            lane.style.top = `${top + 0.35}rem`;
            lane.style.color = `var(--${scenario})`;
            children.push(lane);
            settings.bars.forEach((bar, i) => {
                if (bar.scenario === scenario) children.push(draw_bar(i, top + 2.3 * row.get(bar), opened));
            });
            top += 2.3 * n + 0.2;
        }
        root.style.height = `${top + 1.8}rem`;
        for (let age = first_age; age <= last_age; age += 5) {
            const tick = element("span", { className: "tick", textContent: age });
            tick.style.left = at(age);
            children.push(tick);
        }
        root.replaceChildren(...children);
        if (focused) (root.querySelector(`[data-key="${focused}"]`) ?? by_id("add")).focus({ preventScroll: true }); // of a bar that is deleted
    }
    new ResizeObserver(() => { // names fit into other bars
        if (!settings || root.clientWidth === width) return;
        drawn = "";
        draw(settings, open_bar);
    }).observe(root);
    return draw;
}
