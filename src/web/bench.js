// SPDX-License-Identifier: GPL-3.0-or-later
// The equation bench: the text of the model of bone, to be edited. What is wrong with it is said with line and column; what is
// right is used for the curves while the bench is open.
import { element, button } from "./parts.js";
import { statements } from "./loop.js";
import { words } from "./words.js";

export const bone_path = "./aibl.model";

// Of a text with [another] value of a parameter: {value, text}; the value is as written, a number for each element.
const value_of = (name) => new RegExp(`(^param ${name}(?:\\[\\w+\\])? = )([^\\[\\n]*?)(?= \\[)`, "m");
export const parameter = (text, name) => text.match(value_of(name))?.[2];
export const with_parameter = (text, name, value) => text.replace(value_of(name), (_, head) => head + value);

// place: an empty element; built_in: its text; use(text) takes it or throws what is wrong with it, use(null) takes the built-in
// model; save(name, text) offers a file.
export function make_bench(place, built_in, { use, save }) {
    const text = element("textarea", { value: built_in, rows: 18, spellcheck: false, autocomplete: "off" });
    const said = element("p", { role: "status" }), place_of_error = { line: 1, column: 1 };
    const names = statements(built_in).filter(({ verb }) => verb === "param").map(({ name }) => name);
    const name = element("select", {}, ...names.map((one) => element("option", { value: one, textContent: one }))), value = element("input", { type: "text", size: 30 });
    const meaning = element("p", { className: "keys" });
    let timer = 0;

    const there = button(words.bench.there, () => {
        const { line, column } = place_of_error, at = text.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0) + column - 1;
        text.focus();
        text.setSelectionRange(at, at + 1);
        text.scrollTop = Math.max(0, (line - 6) * (text.scrollHeight / text.value.split("\n").length));
    });
    const back = button(words.bench.back, () => {
        text.value = built_in;
        follow();
    });
    place.replaceChildren(element("p", { className: "keys", textContent: words.bench.help }),
        element("div", { className: "bar-of-loop" }, element("label", {}, words.bench.parameter, name), element("label", {}, words.bench.value, value), back,
            button(words.bench.file, () => save("aibl.model", text.value))),
        meaning, said, there, element("label", { className: "of-text" }, words.bench.text, text));

    function show_parameter() {
        const one = statements(text.value).find((one) => one.verb === "param" && one.name === name.value);
        if (value !== document.activeElement) value.value = parameter(text.value, name.value) ?? "";
        meaning.textContent = one ? one.text.split("\n").slice(1).map((line) => line.trim()).join(" ") : "";
    }
    // The text as it stands is checked, and used if nothing is wrong with it.
    function follow() {
        clearTimeout(timer);
        show_parameter();
        const is_changed = text.value !== built_in;
        try {
            use(is_changed ? text.value : null);
            said.textContent = is_changed ? words.bench.right : words.bench.same;
            there.hidden = true;
        } catch (error) {
            said.textContent = error.message;
            Object.assign(place_of_error, { line: error.line, column: error.column });
            there.hidden = !(error.line > 0);
        }
        back.disabled = !is_changed;
    }
    text.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(follow, 250);
    });
    name.addEventListener("change", show_parameter);
    value.addEventListener("input", () => {
        text.value = with_parameter(text.value, name.value, value.value);
        follow();
    });
    return {
        follow,
        forget() {
            text.value = built_in;
        },
    };
}
