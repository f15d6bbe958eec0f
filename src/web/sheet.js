// SPDX-License-Identifier: GPL-3.0-or-later
// What is read or printed in place of the page: the sheet of a lesson, with numbers of a run, and what the page leaves out.
import { by_id, element, button, svg } from "./parts.js";
import { first_age, scenarios } from "./settings.js";
import { lessons, numbers_of, nearest_answer, reader, truth } from "./lessons.js";
import { heading_of } from "./lesson_view.js";
import { lesson_words } from "./lesson_words.js";
import { words } from "./words.js";

const paragraph = (...content) => element("p", {}, ...content);
const headed = (title, ...content) => [element("h2", { textContent: title }), ...content];
const bulleted = (items, className = "") => element("ul", { className }, ...items.map((item) => element("li", {}, item)));
const boxes = (items) => bulleted(items.map((one) => `\u2610 ${one}`), "boxes");
const lines = (n) => Array.from({ length: n }, () => element("div", { className: "line" }));

// Axes for a guess: percent of the spine, what is given of it drawn, the rest too if `all`.
function paper({ draw: { ages, low, high }, veil, settings }, shown, all) {
    const from = Math.min(veil.age, ages[0] - 2) - 3, to = ages[ages.length - 1], box = { left: 40, right: 590, top: 10, bottom: 270 };
    const x = (age) => box.left + ((box.right - box.left) * (age - from)) / (to - from), y = (value) => box.bottom - ((box.bottom - box.top) * (value - low)) / (high - low);
    const grid = [], parts = [];
    for (let age = Math.ceil(from); age <= to; age++) {
        grid.push(`M${x(age)} ${box.top}V${box.bottom}`);
        if (to - from < 12 || age % 5 === 0) parts.push(svg("text", { x: x(age), y: box.bottom + 18, "text-anchor": "middle" }, String(age)));
    }
    for (let value = low; value <= high; value += 5) {
        grid.push(`M${box.left} ${y(value)}H${box.right}`);
        parts.push(svg("text", { x: box.left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)));
    }
    const curve = (arm) => {
        const end = all || !veil.arms.includes(arm) ? to : veil.age, points = [];
        for (let age = Math.max(first_age, from); age <= end; age += 0.25) points.push(`${x(age)} ${y(100 + shown.change(arm, first_age, age))}`);
        return svg("path", { class: arm, d: `M${points.join("L")}` });
    };
    return svg("svg", { viewBox: "0 0 600 300", role: "img", "aria-label": `${words.site.lumbar_spine}: ${words.percent(first_age)}` },
        svg("path", { d: grid.join("") }), ...parts, ...(settings().bars.length > 0 ? scenarios : ["a"]).map(curve));
}

// The worksheet of a lesson; with answers, they follow on a page of their own.
function sheet_of(name, run, has_answers) {
    const lesson = lessons[name], text = lesson_words.lessons[name], labels = lesson_words.sheets, numbers = numbers_of(name, run), shown = reader(run(lesson.settings()));
    const said = (label, content) => paragraph(element("b", { textContent: `${label} ` }), content);
    const links = Object.entries(labels.states).map(([state, title]) => element("a", { href: `#v=1&l=${name}${state}`, textContent: title }));
    const keys = lesson.settings().bars.length > 0 ? scenarios : ["a"];
    const drawing = (all) => [element("p", { className: "label" }, `${words.site.lumbar_spine}: ${words.percent(first_age)}`,
        ...keys.flatMap((arm) => [element("span", { className: `key ${arm}` }), words.scenario[arm]])), paper(lesson, shown, all)];
    return [
        element("h1", { textContent: heading_of(name) }),
        paragraph(element("b", { textContent: `${labels.name}: ` }), "________________________"),
        ...headed(labels.guess, paragraph(text.ask), ...(lesson.draw ? drawing(false) : [boxes(text.guesses)])),
        ...headed(labels.look, ...text.look.flatMap((one) => [paragraph(one), ...lines(2)])),
        ...headed(labels.why, ...lines(4), paragraph(`\u201c${text.myth}\u201d ${labels.true_or_not}`), ...lines(2)),
        ...headed(labels.question, paragraph(text.question), boxes(text.answers.map(text.answer)), said(lesson_words.attempt, text.attempt), ...lines(2)),
        ...(has_answers ? [element("div", { className: "teacher" }, ...headed(`${labels.teacher}: ${text.title}`, said(labels.aims, ""), bulleted(text.aims), paragraph(labels.time),
            paragraph(`${labels.links}: `, ...links.flatMap((link) => [link, "; "]).slice(0, -1), "."), said(labels.answers, ""),
            ...(lesson.draw ? [...drawing(true), paragraph(lesson.draw.ages.map((age, i) => `${age}: ${truth(lesson, shown)[i].toFixed(1)} %`).join("; "))]
                : [said(labels.right, text.guesses[lesson.right(numbers)])]),
            paragraph(text.seen(numbers)), said(labels.of_look, ""), bulleted(text.looked(numbers)), paragraph(text.why), said(lesson_words.says(text.myth), text.reply(numbers)),
            said(labels.right_answer, `${text.answer(text.answers[nearest_answer(name, numbers, text.answers)])}. ${text.checked(numbers)}`),
            said(lesson_words.attempt, text.tried), said(labels.caveat, text.caveat)))] : []),
    ];
}

// README's limits, as the page was built.
const omitted = () => [element("h1", { textContent: lesson_words.omits }), paragraph(lesson_words.omits_lead), bulleted(readme_limits)];

// run(settings): a result; changed(): the link has changed.
// @return {open("omits", "sheet/LESSON", "sheet/LESSON/answers" or null); text(): of the link, or null}
export function make_view({ run, changed }) {
    const place = by_id("view");
    let given = null, opener = null; // what had the focus, and how far the page was scrolled
    function open(next) {
        const [what, name, answers] = (next ?? "").split("/");
        if (next !== null && what !== "omits" && !(what === "sheet" && Object.hasOwn(lessons, name))) throw new Error(next);
        if (next === null && given === null) return;
        if (given === null) opener = { focused: document.activeElement, top: scrollY };
        given = next;
        place.hidden = next === null;
        if (next === null) {
            delete document.body.dataset.view;
            const { focused, top } = opener;
            (focused.checkVisibility() && focused !== document.body ? focused : by_id("lessons").querySelector("summary")).focus();
            scrollTo(0, top);
        } else {
            document.body.dataset.view = what;
            const row = element("p", { className: "row" }, button(lesson_words.back, () => open(null)), " ", button(lesson_words.print, () => print())), has_answers = answers !== undefined;
            if (what === "sheet") row.append(" ", button(lesson_words.sheets[has_answers ? "without" : "with"], () => {
                open(`sheet/${name}${has_answers ? "" : "/answers"}`);
                place.querySelector(".row").lastChild.focus();
            }));
            place.replaceChildren(row, ...(what === "omits" ? omitted() : sheet_of(name, run, has_answers)));
            row.firstChild.focus();
        }
        changed();
    }
    addEventListener("keydown", ({ key }) => key === "Escape" && open(null));
    return { open, text: () => given };
}
