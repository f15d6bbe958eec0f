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

// An engine of the bytes of osteon.wasm, or of what WebAssembly.compile() made of them. What is wrong with an experiment or a
// model is thrown as an Error with the engine's text; of a model also with line and column.
export async function make_engine(source) {
    const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
    let door, on_block;
    const wasi = system(() => door.memory);
    for (const { module: from, name } of WebAssembly.Module.imports(module))
        if (from !== "page") wasi[name] ??= () => no_file;
    door = (await WebAssembly.instantiate(module, {
        wasi_snapshot_preview1: wasi,
        page: { block: (first, n, outputs, covariates, params, status) => on_block(n, outputs, status) },
    })).exports;
    door._initialize();

    const decoder = new TextDecoder();
    function text(at) {
        if (at === 0) return null;
        const bytes = new Uint8Array(door.memory.buffer);
        return decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)));
    }
    function with_memory(size, use) {
        const at = door.page_alloc(size);
        try {
            return use(at);
        } finally {
            door.page_free(at);
        }
    }
    const with_text = (string, use) => {
        const bytes = new TextEncoder().encode(string);
        return with_memory(bytes.length + 1, (at) => {
            new Uint8Array(door.memory.buffer).set(bytes, at);
            new Uint8Array(door.memory.buffer)[at + bytes.length] = 0;
            return use(at);
        });
    };
    const call = door.ost_call_new();
    const check = (ok) => {
        if (ok) return;
        with_memory(8, (at) => {
            const error = new Error(text(door.ost_call_error(call, at, at + 4)));
            [error.line, error.column] = new Int32Array(door.memory.buffer, at, 2);
            throw error;
        });
    };
    const new_session = () => {
        const made = door.ost_session_new(call);
        check(made);
        return made;
    };
    const built_in = new_session();
    let session = built_in, study = 0, planned = null;

    // The models of a kind: [{name, title, text}].
    function models(kind) {
        const of = (i, what) => with_text(what, (at) => text(door.ost_session_model(built_in, i, at, call)));
        return [...Array(door.ost_session_n_models(built_in)).keys()].filter((i) => of(i, "kind") === kind)
            .map((i) => ({ name: of(i, "name"), title: of(i, "title"), text: of(i, "text") }));
    }

    function forget() {
        door.ost_study_free(study);
        [study, planned] = [0, null];
    }
    // Experiments may from now on name the path of this text as a model; without a path, built-in models alone. A text that is
    // wrong changes nothing.
    function edit(path, source) {
        const next = path ? new_session() : built_in;
        try {
            if (path) check(with_text(path, (name) => with_text(source, (at) => door.ost_session_add_model(next, name, at, call))) === 0);
        } catch (error) {
            door.ost_session_free(next);
            throw error;
        }
        forget();
        if (session !== built_in) door.ost_session_free(session);
        session = next;
    }
    // The last experiment stays planned.
    function plan(yaml) {
        if (yaml === planned) return;
        forget();
        study = with_text("experiment.yaml", (path) => with_text(yaml, (at) => door.ost_study_new(session, path, at, 0, 0, call)));
        check(study);
        planned = yaml;
    }
    const texts = (axis, what) => with_text(what, (at) =>
        Array.from({ length: door.ost_study_size(study, axes[axis]) }, (_, i) => text(door.ost_study_text(study, axes[axis], i, at))));
    const values = (axis) => {
        const n = door.ost_study_size(study, axes[axis]);
        return with_memory(8 * n + 8, (at) => {
            door.ost_study_values(study, axes[axis], at);
            return Array.from(new Float64Array(door.memory.buffer, at, n));
        });
    };

    // Subjects first to first + n - 1 of a cohort, in one block: {arms, outputs, units: names; times [d], params {name: typical
    // value}, n, values [arm][subject][output][time], status [arm][subject], 0 where there are values}.
    function cohort(yaml, first, n) {
        plan(yaml);
        const names = texts("param", "name"), typical = values("param");
        const block = {
            arms: texts("arm", "name"), outputs: texts("output", "name"), units: texts("output", "unit"), times: values("time"),
            params: Object.fromEntries(names.map((name, k) => [name, typical[k]])), n,
        };
        on_block = (m, outputs, status) => {
            const size = block.arms.length * m * block.outputs.length * block.times.length;
            block.values = new Float64Array(door.memory.buffer, outputs, size).slice();
            block.status = new Uint8Array(door.memory.buffer, status, block.arms.length * m).slice();
            return 0;
        };
        check(door.page_run(study, first, n, call) === 0);
        return block;
    }

    // {times [d], units {output}, params {name}, arms: {arm: {output: [times]}}} of one subject.
    function run(yaml) {
        const { arms, outputs, units, times, params, values, status } = cohort(yaml, 0, 1), m = times.length;
        const failed = status.findIndex((code) => code !== 0);
        if (failed >= 0) throw new Error(`the equations of scenario ${arms[failed]} could not be integrated`);
        const of = (a) => outputs.map((name, k) => [name, Array.from(values.subarray((a * outputs.length + k) * m, (a * outputs.length + k + 1) * m))]);
        return {
            times, params, units: Object.fromEntries(outputs.map((name, k) => [name, units[k]])),
            arms: Object.fromEntries(arms.map((arm, a) => [arm, Object.fromEntries(of(a))])),
        };
    }
    return { module, models, edit, run, cohort };
}
