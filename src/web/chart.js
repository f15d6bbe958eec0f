// SPDX-License-Identifier: GPL-3.0-or-later
// Charts of uPlot on one axis of age with one cursor. A line is {label, scenario, dash, width}.
import { css } from "./parts.js";
export const dashes = { a: [], b: [9, 5] };

// T-scores of the World Health Organization: normal from -1, osteoporosis from -2.5 down.
export const t_bands = [["normal", -1, 9, "--good"], ["osteopenia", -2.5, -1, "--mid"], ["osteoporosis", -9, -2.5, "--bad"]];
function draw_bands(chart, names) {
    const { left, top, width, height } = chart.bbox, context = chart.ctx;
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    context.textAlign = "left";
    for (const [name, low, high, colour] of t_bands) {
        const up = chart.valToPos(high, "y", true), down = chart.valToPos(low, "y", true);
        context.fillStyle = css(colour);
        context.fillRect(left, up, width, down - up);
        context.fillStyle = css("--soft");
        const base = Math.min(down, top + height) - 5 * devicePixelRatio;
        if (base - 12 * devicePixelRatio > Math.max(up, top)) context.fillText(names[name], left + 6 * devicePixelRatio, base);
    }
    context.restore();
}

// A line within a quarter of a pixel of its points, by the fewest of them: from the last corner on, the slopes that pass all
// points are known, and the point before the first one that none of them passes is the next corner.
function line_path(chart, k, first, last) {
    const path = new Path2D(), { left, top, width, height } = chart.bbox, ages = chart.data[0], values = chart.data[k], near = 0.25;
    const along = ({ min, max, distr }, from, to) => {
        const on_axis = distr === 3 ? Math.log : (v) => v, zero = on_axis(min), unit = (to - from) / (on_axis(max) - zero);
        return (v) => from + unit * (on_axis(v) - zero);
    };
    const to_x = along(chart.scales.x, left, left + width), to_y = along(chart.scales.y, top + height, top);
    let corner = null, before = null, least, most;
    const turn = (point) => {
        path.lineTo(...point);
        [corner, before, least, most] = [point, null, -Infinity, Infinity];
    };
    for (let i = first; i <= last; i++) {
        if (values[i] === null) {
            if (before) turn(before);
            corner = null;
            continue;
        }
        const point = [to_x(ages[i]), to_y(values[i])];
        if (corner === null) {
            path.moveTo(...point);
            turn(point);
            continue;
        }
        const slope = (by) => (point[1] + by - corner[1]) / (point[0] - corner[0]);
        if (slope(0) < least || slope(0) > most) turn(before);
        [least, most, before] = [Math.max(least, slope(-near)), Math.min(most, slope(near)), point];
    }
    if (before) turn(before);
    return { stroke: path, fill: null, clip: null, band: null, gaps: null, flags: 0 };
}

const powers = (chart) => [0.01, 0.1, 1, 10, 100, 1000].filter((v) => v >= chart.scales.y.min && v <= chart.scales.y.max);

// What a logarithmic y axis shows: whole decades, so that two of its lines are there at least.
const decades = (low, high) => [10 ** Math.floor(Math.log10(low)), 10 ** (Math.floor(Math.log10(high)) + 1)];

// What the y axis shows: all lines and a little more; with bands at least from normal to osteoporosis.
export function around(low, high, bands, extent) {
    if (extent) [low, high] = [Math.min(low ?? extent.low, extent.low), Math.max(high ?? extent.high, extent.high)];
    if (bands) [low, high] = [Math.min(low, -2.8), Math.max(high, 0.5)];
    const more = low === high ? 1 : 0.06 * (high - low);
    return [low - more, high + more];
}

// place: an element with a heading; options: {lines, log, bands (names or null), with_error, range, height, extent() of y at least, {low, high},
// on_cursor(age)}.
export function make_chart(place, title, options) {
    place.replaceChildren();
    const heading = document.createElement("h3"), holder = document.createElement("div");
    heading.textContent = title;
    place.append(heading, holder);
    const colour = { a: css("--a"), b: css("--b") }, soft = css("--soft"), line = css("--line");
    const series = [{}];
    for (const { label, scenario, dash, width } of options.lines)
        series.push({ label, stroke: colour[scenario], width: width ?? 2.5, dash: dash ?? dashes[scenario], paths: line_path, points: { show: false } });
    const filled = [];
    if (options.with_error) {
        for (const scenario of ["a", "b"]) {
            for (const side of ["+", "-"]) series.push({ label: scenario + side, stroke: "transparent", points: { show: false } });
            filled.push({ series: [series.length - 2, series.length - 1], fill: colour[scenario] + "22" });
        }
    }
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { stroke: line }, font: `${12 * rem}px system-ui, sans-serif` };
    const chart = new uPlot({
        width: Math.max(200, place.clientWidth), height: options.height, legend: { show: false }, series, bands: filled,
        padding: [10, 10, 0, 0],
        scales: {
            x: { time: false, range: () => options.range() },
            y: options.log ? { distr: 3, range: (u, low, high) => decades(low ?? 1, high ?? 1) } : { range: (u, low, high) => around(low, high, options.bands, options.extent?.()) },
        },
        axes: [{ ...axis, size: 30 * rem, incrs: [1, 2, 5, 10, 20] }, { ...axis, size: 46 * rem, ...(options.log ? { splits: powers } : {}), values: (u, ticks) => ticks.map((v) => (v === null ? "" : String(Number(v.toPrecision(6))).replace("-", "\u2212"))) }],
        cursor: { sync: { key: "age" }, drag: { x: false, y: false }, points: { show: false }, y: false },
        hooks: {
            drawClear: options.bands ? [(u) => draw_bands(u, options.bands)] : [],
            setCursor: [(u) => options.on_cursor(u.cursor.idx ?? null)],
        },
    }, [[0], ...series.slice(1).map(() => [0])], holder);
    // A finger that moves along a chart looks at ages, as a mouse does.
    const follow = ({ pointerType, clientX }) => pointerType === "touch" && chart.setCursor({ left: clientX - chart.over.getBoundingClientRect().left, top: 0 });
    for (const kind of ["pointerdown", "pointermove"]) chart.over.addEventListener(kind, follow);
    new ResizeObserver(() => {
        const width = place.clientWidth;
        if (width > 0 && Math.abs(width - chart.width) > 1) chart.setSize({ width, height: options.height });
    }).observe(place);
    return chart;
}
