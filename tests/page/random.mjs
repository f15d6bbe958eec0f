// SPDX-License-Identifier: GPL-3.0-or-later
// Random settings over every control of the page, the same for the same seed; the first are those that the page opens with.
import { random_settings, initial, to_fragment, from_fragment } from "../../src/web/settings.js";

export function* settings_from(seed) {
    let state = Number(seed);
    function random() { // mulberry32
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    }
    for (let k = 0; ; k++) {
        const settings = k === 0 ? initial() : random_settings(random);
        // a third as if in a link written by hand, with numbers beyond all limits: they are brought inside
        const wild = (key, value) => (typeof value === "number" ? value * (40 * random() - 10) : value);
        yield k % 3 === 2 ? from_fragment(`#${to_fragment(JSON.parse(JSON.stringify(settings), wild))}`) : settings;
    }
}
