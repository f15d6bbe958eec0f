// SPDX-License-Identifier: GPL-3.0-or-later
// What every part of the page makes its elements with.
export const element = (tag, properties, ...children) => {
    const one = Object.assign(document.createElement(tag), properties);
    one.append(...children);
    return one;
};
export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
