// SPDX-License-Identifier: GPL-3.0-or-later
// What every part of the page makes its elements with.
export const element = (tag, properties, ...children) => {
    const one = Object.assign(document.createElement(tag), properties);
    one.append(...children);
    return one;
};
export const svg = (tag, attributes, ...children) => {
    const one = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    one.append(...children);
    return one;
};
// A mark of a legend with its text, which stay together.
export const keyed = (mark, text) => element("span", { className: "of-key" }, mark, text);
// Of a table that may be wider than the screen: its caption is not.
export const captioned = (text) => element("caption", {}, element("span", { textContent: text }));
export const by_id = (id) => document.getElementById(id);
export function button(text, act) {
    const one = element("button", { type: "button", textContent: text });
    one.addEventListener("click", act);
    return one;
}
export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
