// SPDX-License-Identifier: GPL-3.0-or-later
// A lesson on the page, step by step: a guess, what happens, why, a question. What was chosen so far is its text in a link:
// NAME/GUESS/why/ANSWER, with as many parts as there were choices; a guess of "-" is none.
import { by_id, element, button } from "./parts.js";
import { first_age } from "./settings.js";
import { lessons, numbers_of, nearest_answer, reader, truth } from "./lessons.js";
import { lesson_words } from "./lesson_words.js";

const skipped = "-";
export const heading_of = (name) => {
    const names = Object.keys(lessons);
    return lesson_words.heading(names.indexOf(name) + 1, names.length, lesson_words.lessons[name].title);
};

// desk: {run(settings): a result; restart(settings, age) and look_at(age) that charts speak of; changed(): the link has changed;
// shown(): how bone is shown now; ended(shown); redraw(); sheet(name)}.
// @return {open(text, settings or null); close(); follow(settings), as the reader changes them; text(): of the link, or null;
// veil(): what of the bone is hidden, or null; line(): the drawn guess over the spine, {draw, from, values, is_fixed}, or null;
// age(): that its texts speak of, or null}
export function make_lessons(desk) {
    const place = by_id("lesson");
    let name = null, steps = [], shown = null, numbers = null, line = null, before = null; // how bone was shown before the lesson
    const now = {}; // of the buttons shown: mark(guess), why, answer(k)
    const note = element("p", { className: "note", role: "status" });
    const lesson = () => lessons[name], text = () => lesson_words.lessons[name], end = element("p", { className: "row" });
    const paragraph = (...content) => element("p", {}, ...content);
    const bold = (content) => element("b", { textContent: `${content} ` });
    function add(...parts) {
        end.before(...parts);
        for (const part of [end, parts[0]]) part.scrollIntoView({ block: "nearest" });
    }
    const stage = (step) => {
        document.body.dataset.step = step;
        by_id("life-section").inert = step === "guess";
    };

    const age = () => (steps.length > 1 ? lesson().asked : null) ?? lesson().age;
    // Buttons of which one is chosen, once; the right one is told, too, where there is one.
    function choices(labels, choose) {
        const buttons = labels.map((label, k) => button(label, () => {
            if (buttons[0].ariaDisabled !== "true") choose(k);
        }));
        const mark = (k, right) => buttons.forEach((one, i) => {
            one.ariaDisabled = "true";
            one.ariaPressed = String(i === k);
            if (i === right) one.append(lesson_words.marked.right);
            else if (i === k) one.append(lesson_words.marked.wrong);
        });
        return { buttons, mark };
    }
    // What is simulated at this step, until the reader changes it; whether it has been changed.
    const own = () => ((steps[1] === "why" && lesson().explained) || lesson().settings)();
    const simulated = ({ show, ...more }) => JSON.stringify(more);
    function follow(settings) {
        const is_changed = name !== null && simulated(settings) !== simulated(own()), is_new = is_changed && note.hidden;
        note.hidden = !is_changed;
        if (is_new) place.scrollTop = place.scrollHeight; // where the lesson has a column of its own
    }
    function take(step) {
        steps.push(step);
        desk.changed();
    }

    function begin(next) {
        [name, steps, shown, numbers, line] = [next, [], null, null, null];
        const { draw, veil, settings } = lesson();
        before ??= desk.shown();
        stage("guess");
        if (draw) {
            shown = reader(desk.run(settings()));
            const value = 100 + shown.change(draw.arm, first_age, veil.age);
            line = { draw, from: { age: veil.age, value }, values: draw.ages.map(() => Math.round(2 * value) / 2) };
        }
        desk.restart(settings(), age());
        by_id("lessons").open = false;
        place.hidden = false;
        end.replaceChildren(button(lesson_words.again, () => open(name)), button(lesson_words.sheet, () => desk.sheet(name)), button(lesson_words.end, () => {
            close();
            by_id("lessons").querySelector("summary").focus();
        }));
        const title = element("h2", { textContent: heading_of(name), tabIndex: -1 });
        note.replaceChildren(lesson_words.changed, button(lesson_words.restore, () => desk.restart(own(), age())));
        note.hidden = true;
        place.replaceChildren(title, paragraph(text().ask), end, note);
        if (draw) {
            const help = paragraph(lesson_words.how_to_draw), done = button(lesson_words.guessed, () => {
                if (line.is_drawn) guess(line.values.join("_"));
                else help.textContent = `${lesson_words.draw_first} ${lesson_words.how_to_draw}`;
            });
            now.mark = () => (help.hidden = done.hidden = true);
            add(help, done);
        } else {
            const { buttons, mark } = choices(text().guesses, (k) => guess(String(k)));
            now.mark = mark;
            add(...buttons);
        }
        title.focus();
    }

    function guess(given) {
        const { draw, right, settings } = lesson();
        const said = element("p", { tabIndex: -1 });
        numbers = numbers_of(name, desk.run);
        now.mark(Number(given), given === skipped ? null : right?.(numbers));
        if (draw && given !== skipped) {
            const values = given.split("_").map((one) => Math.min(draw.high, Math.max(draw.low, Number(one)))), true_ones = truth(lesson(), shown);
            line.values = values.length === true_ones.length && values.every(Number.isFinite) ? values : true_ones;
            const above = line.values.map((value, i) => value - true_ones[i]), far = above.map(Math.abs), most = far.indexOf(Math.max(...far));
            said.append(lesson_words.drawn(far.reduce((sum, one) => sum + one, 0) / far.length, draw.ages[most], above[most]), " ");
        } else if (given !== skipped) said.append(bold(Number(given) === right(numbers) ? lesson_words.right : lesson_words.wrong));
        if (given === skipped) line = null;
        else if (line) line.is_fixed = true;
        said.append(text().seen(numbers));
        take(given);
        stage("seen");
        desk.restart(settings(), age());
        now.why = button(lesson_words.why, explain);
        add(said, paragraph(bold(lesson_words.look)), element("ul", {}, ...text().look.map((one) => element("li", { textContent: one }))), now.why);
        if (draw) said.focus({ preventScroll: true }); // its button is gone
    }

    function explain() {
        now.why.hidden = true;
        take("why");
        stage("why");
        if (lesson().explained) desk.restart(own(), age());
        else desk.look_at(age());
        const { buttons, mark } = choices(text().answers.map(text().answer), (k) => answer(k, mark));
        now.answer = (k) => answer(k, mark);
        const heading = element("p", { tabIndex: -1 }, bold(lesson_words.why), text().why);
        add(heading, paragraph(bold(lesson_words.says(text().myth)), text().reply(numbers)), paragraph(bold(lesson_words.question), text().question), ...buttons);
        heading.focus({ preventScroll: true });
    }

    function answer(k, mark) {
        const right = nearest_answer(name, numbers, text().answers), is_right = k === right;
        mark(k, right);
        take(String(k));
        stage("done");
        add(paragraph(bold(is_right ? lesson_words.right : lesson_words.wrong), text().checked(numbers)), paragraph(bold(lesson_words.attempt), text().attempt));
        const names = Object.keys(lessons), next = names[names.indexOf(name) + 1];
        if (next) end.prepend(button(lesson_words.next, () => open(next)));
        desk.redraw();
    }

    // The lesson of a text of a link, at its step; then with the settings that the link has.
    function open(given, settings = null) {
        const [next, guessed, why, k] = given.split("/");
        if (!Object.hasOwn(lessons, next)) throw new Error(next);
        if (settings) before = desk.first_shown; // a link does not say what was before
        begin(next);
        if (guessed !== undefined) guess(guessed);
        if (why === "why") explain();
        if (why === "why" && text().answers[Number(k)] !== undefined) now.answer(Number(k));
        if (settings) desk.restart(settings, age());
    }
    function close() {
        if (name === null) return;
        [name, line] = [null, null];
        place.hidden = true;
        delete document.body.dataset.step;
        by_id("life-section").inert = false;
        desk.ended(before);
        before = null;
    }
    return {
        open, close, follow,
        text: () => (name === null ? null : [name, ...steps].join("/")),
        veil: () => (name !== null && steps.length === 0 ? lesson().veil : null),
        line: () => line,
        age: () => (name === null ? null : age()),
    };
}
