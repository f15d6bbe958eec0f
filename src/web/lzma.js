// SPDX-License-Identifier: GPL-3.0-or-later
// Decodes LZMA as `xz --format=lzma` writes it, which is a sixth smaller than gzip, the best that browsers decode by
// themselves. After the format's specification: a range coder of adaptive bits, and copies of what was decoded before.

// The bits of a stream; probabilities, of a zero in 2048, adapt in arrays of the caller.
function bits_of(from, begin) {
    let at = begin + 4, range = 0xffffffff, code = new DataView(from.buffer, from.byteOffset).getUint32(begin);
    function refill() {
        if (range >= 0x1000000) return;
        range = (range << 8) >>> 0;
        code = ((code << 8) | from[at++]) >>> 0;
    }
    function bit(odds, i) {
        const bound = (range >>> 11) * odds[i], is_one = code >= bound;
        if (is_one) {
            range -= bound;
            code -= bound;
            odds[i] -= odds[i] >> 5;
        } else {
            range = bound;
            odds[i] += (2048 - odds[i]) >> 5;
        }
        refill();
        return is_one ? 1 : 0;
    }
    function even(n) { // n bits of even odds
        let value = 0;
        for (; n > 0; n--) {
            range >>>= 1;
            const is_one = code >= range;
            if (is_one) code -= range;
            value = 2 * value + (is_one ? 1 : 0);
            refill();
        }
        return value;
    }
    function tree(odds, base, n) { // n bits, highest first
        let node = 1;
        for (let i = 0; i < n; i++) node = 2 * node + bit(odds, base + node);
        return node - (1 << n);
    }
    function reversed(odds, base, n) { // n bits, lowest first
        let node = 1, value = 0;
        for (let i = 0; i < n; i++) {
            const one = bit(odds, base + node);
            node = 2 * node + one;
            value |= one << i;
        }
        return value;
    }
    return { bit, even, tree, reversed };
}

// @param from  bytes with the size of what they decode to in their head
export function unlzma(from) {
    const out = new Uint8Array(new DataView(from.buffer, from.byteOffset).getUint32(5, true));
    const context = from[0] % 9, rest = Math.floor(from[0] / 9), low = (1 << rest % 5) - 1, positions = (1 << Math.floor(rest / 5)) - 1;
    const { bit, even, tree, reversed } = bits_of(from, 14);
    const odds = (n) => new Uint16Array(n).fill(1024);
    const literal = odds(0x300 * ((low + 1) << context)), is_match = odds(192), is_again = odds(12), is_older = odds(12), is_third = odds(12);
    const is_fourth = odds(12), is_long = odds(192), slots = odds(256), near = odds(128), align = odds(16), lengths = [odds(514), odds(514)];
    const length = (of, position) => (bit(of, 0) === 0 ? 2 + tree(of, 2 + 8 * position, 3)
        : bit(of, 1) === 0 ? 10 + tree(of, 130 + 8 * position, 3) : 18 + tree(of, 258, 8));
    function distance(n) {
        const slot = tree(slots, 64 * Math.min(n - 2, 3), 6), k = (slot >> 1) - 1;
        if (slot < 4) return slot;
        const base = (2 | (slot & 1)) << k;
        return base + (slot < 14 ? reversed(near, base - slot, k) : 16 * even(k - 4) + reversed(align, 0, 4));
    }
    let state = 0, back = [0, 0, 0, 0]; // the last four distances, less one
    for (let at = 0; at < out.length; ) {
        const position = at & positions;
        if (bit(is_match, 16 * state + position) === 0) {
            const base = 0x300 * (((at & low) << context) + ((at > 0 ? out[at - 1] : 0) >> (8 - context)));
            let symbol = 1;
            for (let like = state < 7 ? -1 : out[at - back[0] - 1], shift = 7; like >= 0 && symbol < 256; shift--) {
                const expected = (like >> shift) & 1, one = bit(literal, base + 256 * (1 + expected) + symbol);
                symbol = 2 * symbol + one;
                if (one !== expected) break;
            }
            while (symbol < 256) symbol = 2 * symbol + bit(literal, base + symbol);
            out[at++] = symbol;
            state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
            continue;
        }
        let n;
        if (bit(is_again, state) === 0) {
            n = length(lengths[0], position);
            back = [distance(n), back[0], back[1], back[2]];
            state = state < 7 ? 7 : 10;
        } else {
            const older = bit(is_older, state) === 0 ? 0 : bit(is_third, state) === 0 ? 1 : 2 + bit(is_fourth, state);
            const is_one = older === 0 && bit(is_long, 16 * state + position) === 0;
            if (older > 0) back.unshift(...back.splice(older, 1));
            n = is_one ? 1 : length(lengths[1], position);
            state = is_one ? (state < 7 ? 9 : 11) : state < 7 ? 8 : 11;
        }
        for (const end = at + n; at < end; at++) out[at] = out[at - back[0] - 1];
    }
    return out;
}
