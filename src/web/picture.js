// SPDX-License-Identifier: GPL-3.0-or-later
// Both charts of bone with legend and sentence, as text of SVG and as PNG.
import { element, css } from "./parts.js";
import { sites } from "./experiment.js";
import { around, t_bands, dashes } from "./chart.js";
import { svg_chart, svg_of, svg_text } from "./svg.js";

const width = 520, height = 330;

// drawn: curves; arms that are shown; range of ages; title(site); bands: names of T-score bands, or null; legend {a, b}; sentence: texts.
export function picture({ drawn, arms, range, title, bands, legend, sentence }) {
    const colours = { ink: css("--ink"), soft: css("--soft"), line: css("--line"), paper: css("--paper") };
    const inside = drawn.ages.map((age, i) => i).filter((i) => drawn.ages[i] >= range[0] - 1e-6 && drawn.ages[i] <= range[1] + 1e-6);
    const charts = sites.map((site, k) => {
        const { error, ...of } = drawn.bone[site];
        const of_arm = (arm, make) => { // what a lesson hides is not drawn
            const shown = inside.filter((i) => of[arm][i] !== null), at = (values) => shown.map((i) => values[i]);
            return { x: at(drawn.ages), colour: css(`--${arm}`), ...make(at(of[arm]), error && at(error[arm])) };
        };
        const lines = arms.map((arm) => of_arm(arm, (y) => ({ y, dash: dashes[arm].join(" ") || "none" })));
        const areas = error ? arms.map((arm) => of_arm(arm, (y, by) => ({ low: y.map((one, i) => one - by[i]), high: y.map((one, i) => one + by[i]) }))) : [];
        const all = [...lines.flatMap(({ y }) => y), ...areas.flatMap(({ low, high }) => [...low, ...high])], y = around(Math.min(...all), Math.max(...all), bands);
        const of_t = bands ? t_bands.map(([name, low, high, colour]) => ({ name: bands[name], low, high, colour: css(colour) })) : [];
        return svg_chart({ left: k * width, top: 36, width, height, title: title(site), x: range, y, bands: of_t, areas, lines }, colours);
    });
    const keys = arms.flatMap((arm, k) => [
        `<line x1="${12 + k * width}" x2="${44 + k * width}" y1="19" y2="19" stroke="${css(`--${arm}`)}" stroke-width="3" stroke-dasharray="${dashes[arm].join(" ") || "none"}"/>`,
        svg_text(52 + k * width, 24, legend[arm], colours.ink)]);
    const said = sentence.split(/(?<=\.) /).map((one, k) => svg_text(12, height + 58 + 20 * k, one, colours.ink));
    const size = [2 * width, height + 50 + 20 * said.length + 8];
    return svg_of(...size, [`<rect width="100%" height="100%" fill="${colours.paper}"/>`, ...keys, ...charts, ...said], `width="${size[0]}" height="${size[1]}"`);
}

export async function png_of(svg) {
    const image = new Image(), scale = 2;
    image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
    await image.decode();
    const canvas = element("canvas", { width: scale * image.width, height: scale * image.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
}
