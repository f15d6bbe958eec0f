// SPDX-License-Identifier: GPL-3.0-or-later
// Charts as text of SVG, for trials and to be saved. Colours are as CSS writes them.
const escaped = (text) => String(text).replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
const minus = (value) => escaped(String(Number(value.toPrecision(6))).replace("-", "\u2212"));

// Round values inside of an interval, about n of them.
function ticks([low, high], n) {
    const rough = (high - low) / n, power = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
    return Array.from({ length: Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1 }, (_, k) => (Math.ceil(low / step - 1e-9) + k) * step);
}

// A chart {left, top, width, height, title, x, y: [least, most], bands: [{low, high, colour, name}], lines: [{x, y, colour, dash,
// width}], areas: [{x, low, high, colour}], points: [{x, y, low, high, colour}]}; colours {ink, soft, line, paper}.
export function svg_chart({ left = 0, top = 0, width, height, title, x, y, bands = [], areas = [], lines, points = [] }, colours) {
    const frame = { left: 40, top: 22, right: width - 8, bottom: height - 22 };
    const clip = (value) => Math.min(frame.bottom, Math.max(frame.top, value));
    const across = (value) => (frame.left + ((frame.right - frame.left) * (value - x[0])) / (x[1] - x[0])).toFixed(1);
    const up = (value) => clip(frame.bottom - ((frame.bottom - frame.top) * (value - y[0])) / (y[1] - y[0])).toFixed(1);
    const text = (at, down, content, colour, anchor = "start") => `<text x="${at}" y="${down}" fill="${colour}" font-size="12" text-anchor="${anchor}">${content}</text>`;
    const line = (x1, y1, x2, y2, more) => `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ${more}/>`;
    return `<g transform="translate(${left} ${top})" font-family="system-ui, sans-serif">${[
        ...bands.map(({ low, high, colour, name }) => `<rect x="${frame.left}" y="${up(high)}" width="${frame.right - frame.left}" height="${(up(low) - up(high)).toFixed(1)}" fill="${colour}"/>` +
            (up(low) - up(high) > 16 ? text(frame.left + 6, up(low) - 5, escaped(name), colours.soft) : "")),
        text(frame.left, 13, escaped(title), colours.ink),
        ...ticks(y, 5).map((one) => line(frame.left, up(one), frame.right, up(one), `stroke="${colours.line}"`) + text(frame.left - 5, Number(up(one)) + 4, minus(one), colours.soft, "end")),
        ...ticks(x, 6).map((one) => text(across(one), frame.bottom + 16, minus(one), colours.soft, "middle")),
        ...areas.map((one) => `<polygon fill="${one.colour}" fill-opacity="0.13" points="${[...one.x.map((value, k) => [across(value), up(one.low[k])]), ...one.x.map((value, k) => [across(value), up(one.high[k])]).reverse()].join(" ")}"/>`),
        ...lines.map((one) => `<polyline fill="none" stroke="${one.colour}" stroke-width="${one.width ?? 2.5}" stroke-dasharray="${one.dash ?? "none"}" points="${one.x.map((value, k) => [across(value), up(one.y[k])]).join(" ")}"/>`),
        ...points.map((one) => (one.low === null ? "" : line(across(one.x), up(one.low), across(one.x), up(one.high), `stroke="${one.colour}" stroke-width="2"`)) +
            `<circle cx="${across(one.x)}" cy="${up(one.y)}" r="4.5" fill="${one.colour}" stroke="${colours.paper}" stroke-width="1.5"/>`),
    ].join("")}</g>`;
}
export const svg_of = (width, height, parts, more = "") => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ${more}>${parts.join("")}</svg>`;
export const svg_text = (left, top, content, colour) => `<text x="${left}" y="${top}" fill="${colour}" font-size="14" font-family="system-ui, sans-serif">${escaped(content)}</text>`;
