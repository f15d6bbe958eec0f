// SPDX-License-Identifier: GPL-3.0-or-later
// A guess as a line over a chart: drawn with a pointer, or its points moved with arrow keys.
import { element, svg } from "./parts.js";
import { lesson_words } from "./lesson_words.js";

// chart: of make_chart; draw: {ages, low, high}; from: {age, value} that the line begins at; values: its points, which are
// changed here; is_drawn is then set. A line that is fixed is shown only.
export function make_sketch(chart, sketch) {
    const { draw: { ages, low, high }, from, values, is_fixed } = sketch;
    const line = svg("polyline", {}), all = svg("svg", { "aria-hidden": "true" }, line);
    const handles = is_fixed ? [] : ages.map((age) => {
        const handle = element("div", { tabIndex: 0, role: "slider" });
        for (const [key, value] of Object.entries({ label: lesson_words.point(age), valuemin: low, valuemax: high })) handle.setAttribute(`aria-${key}`, value);
        return handle;
    });
    const place = element("div", { className: "sketch" }, all, ...handles);
    const at = (age, value) => {
        const { x, y } = chart.scales;
        return [(100 * (age - x.min)) / (x.max - x.min), (100 * (y.max - value)) / (y.max - y.min)];
    };
    function place_points() {
        const { x, y } = chart.scales;
        if (!(x.max > x.min && y.max > y.min)) return; // nothing is drawn yet
        const points = [[from.age, from.value], ...ages.map((age, i) => [age, values[i]])].map(([age, value]) => at(age, value));
        all.setAttribute("viewBox", "0 0 100 100");
        all.setAttribute("preserveAspectRatio", "none");
        line.setAttribute("points", points.map((point) => point.join(",")).join(" "));
        handles.forEach((handle, i) => {
            [handle.style.left, handle.style.top] = points[i + 1].map((percent) => `${percent}%`);
            handle.setAttribute("aria-valuenow", values[i]);
            handle.setAttribute("aria-valuetext", lesson_words.percent(values[i]));
        });
    }
    function set(i, value) {
        sketch.is_drawn = true;
        values[i] = Math.min(high, Math.max(low, Math.round(2 * value) / 2));
        place_points();
    }
    handles.forEach((handle, i) => handle.addEventListener("keydown", (event) => {
        const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5 }[event.key];
        if (!by) return;
        event.preventDefault();
        set(i, values[i] + by);
    }));
    // The point nearest to the pointer in age follows it.
    const follow = (event) => {
        const box = place.getBoundingClientRect(), { x, y } = chart.scales;
        const age = x.min + ((event.clientX - box.left) / box.width) * (x.max - x.min);
        const far = ages.map((one) => Math.abs(one - age)), i = far.indexOf(Math.min(...far));
        set(i, y.max - ((event.clientY - box.top) / box.height) * (y.max - y.min));
    };
    if (!is_fixed) {
        place.addEventListener("pointerdown", (event) => {
            if (event.button !== 0) return;
            event.preventDefault();
            place.setPointerCapture(event.pointerId);
            follow(event);
        });
        place.addEventListener("pointermove", (event) => place.hasPointerCapture(event.pointerId) && follow(event));
    }
    chart.over.append(place);
    (chart.hooks.draw ??= []).push(place_points);
    place_points();
}
