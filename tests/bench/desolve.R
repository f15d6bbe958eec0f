# SPDX-License-Identifier: GPL-3.0-or-later
# deSolve's lsoda on the jobs of an experiment, with the compiled model of the shared library MODULE.
# usage: Rscript desolve.R MODULE EXPERIMENT.yaml SECONDS LEAST Y_FILE [PATH=VALUE ...]
suppressPackageStartupMessages(library(deSolve))
words <- commandArgs(trailingOnly = TRUE)
seconds <- as.numeric(words[3])
least <- as.integer(words[4])
overrides <- words[-(1:5)]
dyn.load(words[1])
module <- sub("\\.so$", "", basename(words[1]))
sizes <- .C("bench_open", words[2], overrides, length(overrides), sizes = integer(5))$sizes
stopifnot(sizes[1] > 0)
n_states <- sizes[2]; n_times <- sizes[3]; n_outputs <- sizes[4]; n_events <- sizes[5]
tolerances <- .C("bench_tolerances", rtol = 0, atol = double(n_states))

set_up <- function(i) {
    job <- .C("bench_job", i = as.integer(i), x = double(n_states), t = double(n_times), t_event = double(n_events),
              state_event = integer(n_events), amount_event = double(n_events), n_events = 0L)
    stopifnot(job$n_events >= 0)
    names(job$x) <- paste0("x", seq_len(n_states))
    job$times <- job$t
    if (job$n_events > 0) {
        rows <- seq_len(job$n_events)
        job$doses <- list(data = data.frame(var = names(job$x)[job$state_event[rows]], time = job$t_event[rows],
                                            value = job$amount_event[rows], method = "add"))
        # lsoda wants to stop at events; in the rows of an output at a dose the dose has acted, in osteon's it has not
        job$times <- sort(unique(c(job$t, job$t_event[rows])))
    }
    job
}

subjects <- cpu <- steps <- rhs <- 0
y <- double(0)
block <- least # subjects between two looks at the clock, which R rounds to a millisecond
while (subjects < least || cpu < seconds) {
    numbers <- (subjects + seq_len(block) - 1) %% sizes[1] + 1
    jobs <- lapply(numbers, set_up)
    results <- vector("list", block)
    before <- proc.time()
    for (k in seq_len(block)) {
        job <- jobs[[k]]
        .C("bench_choose", numbers[k])
        results[[k]] <- lsoda(job$x, job$times, "bench_derivs", parms = NULL, rtol = tolerances$rtol,
                              atol = tolerances$atol, jacfunc = "bench_jac", jactype = "fullusr", dllname = module,
                              events = job$doses, maxsteps = 1e6)
    }
    cpu <- cpu + sum((proc.time() - before)[1:2])
    for (k in seq_len(block)) {
        x <- results[[k]]
        counts <- attr(x, "istate")
        steps <- steps + counts[2]
        rhs <- rhs + counts[3]
        if (subjects + k > 64) next
        at <- t(unname(x[match(jobs[[k]]$t, x[, 1]), -1]))
        y <- c(y, .C("bench_outputs", as.integer(numbers[k]), as.double(at), y = double(n_outputs * n_times))$y)
    }
    subjects <- subjects + block
    if (subjects == least && cpu > 0) block <- max(1, min(1024, round(0.1 * least / cpu)))
}
kept <- min(subjects, 64)
invisible(.C("bench_write", words[5], y, length(y)))
cat(sprintf('{"solver": "desolve_lsoda", "lanes": 1, "rtol": %g, "subjects": %d, "failed": 0, "cpu_s": %.9g, ',
            tolerances$rtol, subjects, cpu),
    sprintf('"steps": %.6g, "rhs": %.6g, "kept": %d, "times": %d}\n', steps / subjects, rhs / subjects,
            kept, n_times), sep = "")
