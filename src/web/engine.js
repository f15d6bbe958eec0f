// SPDX-License-Identifier: GPL-3.0-or-later
// osteon in the page: the functions of osteon/session.h, with texts and arrays of JavaScript.

const axes = { arm: 0, output: 1, time: 2, param: 3, covariate: 4 };
const no_file = 8; // EBADF: a page has no files

// What the C library asks of a system: time, random bytes and nothing else.
function system(memory) {
    const view = () => new DataView(memory().buffer);
    return {
        clock_time_get(id, precision, at) {
            view().setBigUint64(at, BigInt(Math.round(performance.now() * 1e6)), true);
            return 0;
        },
        environ_sizes_get(count, size) {
            view().setUint32(count, 0, true);
            view().setUint32(size, 0, true);
            return 0;
        },
        environ_get: () => 0,
        random_get(at, n) {
            crypto.getRandomValues(new Uint8Array(memory().buffer, at, n));
            return 0;
        },
        proc_exit(code) {
            throw new Error(`the simulation ended with code ${code}`);
        },
    };
}

// An engine of the bytes of osteon.wasm. run(yaml) plans and simulates the first n subjects of an experiment; what is wrong
// with it is thrown as an Error with the engine's text.
export async function make_engine(bytes) {
    const module = await WebAssembly.compile(bytes);
    let door, on_block;
    const wasi = system(() => door.memory);
    for (const { module: from, name } of WebAssembly.Module.imports(module))
        if (from !== "page") wasi[name] ??= () => no_file;
    door = (await WebAssembly.instantiate(module, {
        wasi_snapshot_preview1: wasi,
        page: { block: (first, n, outputs, covariates, params, status) => on_block(first, n, outputs, status) },
    })).exports;
    door._initialize();

    function text(at) {
        if (at === 0) return null;
        const bytes = new Uint8Array(door.memory.buffer);
        return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
    }
    function with_text(string, use) {
        const bytes = new TextEncoder().encode(string);
        const at = door.page_alloc(bytes.length + 1);
        new Uint8Array(door.memory.buffer).set(bytes, at);
        new Uint8Array(door.memory.buffer)[at + bytes.length] = 0;
        try {
            return use(at);
        } finally {
            door.page_free(at);
        }
    }
    const call = door.ost_call_new();
    const check = (ok) => {
        if (!ok) throw new Error(text(door.ost_call_error(call, 0, 0)));
    };
    const session = door.ost_session_new(call);
    check(session);

    // The models of a kind: [{name, title, text}].
    function models(kind) {
        const of = (i, what) => with_text(what, (at) => text(door.ost_session_model(session, i, at, call)));
        return [...Array(door.ost_session_n_models(session)).keys()].filter((i) => of(i, "kind") === kind)
            .map((i) => ({ name: of(i, "name"), title: of(i, "title"), text: of(i, "text") }));
    }

    function with_study(yaml, use) {
        const study = with_text("experiment.yaml", (path) =>
            with_text(yaml, (at) => door.ost_study_new(session, path, at, 0, 0, call)));
        check(study);
        try {
            return use(study);
        } finally {
            door.ost_study_free(study);
        }
    }
    const texts = (study, axis, what) => with_text(what, (at) =>
        Array.from({ length: door.ost_study_size(study, axes[axis]) }, (_, i) => text(door.ost_study_text(study, axes[axis], i, at))));
    function values(study, axis) {
        const n = door.ost_study_size(study, axes[axis]), at = door.page_alloc(8 * n + 8);
        door.ost_study_values(study, axes[axis], at);
        const copy = Array.from(new Float64Array(door.memory.buffer, at, n));
        door.page_free(at);
        return copy;
    }

    // {times [d], units {output}, param(name), arms: {arm: {output: [times]}}} of one subject.
    function run(yaml) {
        return with_study(yaml, (study) => {
            const arms = texts(study, "arm", "name"), outputs = texts(study, "output", "name");
            const units = texts(study, "output", "unit"), times = values(study, "time");
            const names = texts(study, "param", "name"), typical = values(study, "param");
            const result = { times, units: {}, params: {}, arms: {} };
            outputs.forEach((name, k) => (result.units[name] = units[k]));
            names.forEach((name, k) => (result.params[name] = typical[k]));
            on_block = (first, n, at, status) => {
                const failed = new Uint8Array(door.memory.buffer, status, arms.length).findIndex((code) => code !== 0);
                if (failed >= 0) throw new Error(`the equations of scenario ${arms[failed]} could not be integrated`);
                const all = new Float64Array(door.memory.buffer, at, arms.length * outputs.length * times.length);
                arms.forEach((arm, a) => {
                    result.arms[arm] = {};
                    outputs.forEach((name, k) => {
                        const from = (a * outputs.length + k) * times.length;
                        result.arms[arm][name] = Array.from(all.subarray(from, from + times.length));
                    });
                });
                return 0;
            };
            check(door.page_run(study, 0, 1, call) === 0);
            return result;
        });
    }
    const plan = (yaml) => with_study(yaml, () => true);
    return { models, plan, run };
}
