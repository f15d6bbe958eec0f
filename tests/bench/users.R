# SPDX-License-Identifier: GPL-3.0-or-later
# mrgsolve or rxode2 on the jobs of an experiment, with the model that `osteon model ... --mrgsolve` writes.
# usage: Rscript users.R mrgsolve|rxode2 FOLDER SECONDS LEAST RTOL Y_FILE
# FOLDER has model.cpp and what `bench-scalar --export` writes: parameters.csv and start.csv, a row for each subject in the
# order of $PARAM and $CMT of the text; atol.csv; doses.csv (subject, time, compartment, amount); times.csv; captures.csv
# (place among the captures from behind, internal units in one of it), in the order of osteon's outputs; signals.csv.
words <- commandArgs(trailingOnly = TRUE)
tool <- words[1]
folder <- words[2]
seconds <- as.numeric(words[3])
least <- as.integer(words[4])
rtol <- as.numeric(words[5])
suppressPackageStartupMessages(library(tool, character.only = TRUE))
table_of <- function(name, ...) read.csv(file.path(folder, paste0(name, ".csv")), ...)
text <- readLines(file.path(folder, "model.cpp"))
block_of <- function(head) {
    from <- which(startsWith(text, head)) + 1
    rows <- text[from:length(text)]
    rows <- rows[seq_len(c(which(startsWith(rows, "$")), length(rows) + 1)[1] - 1)]
    rows[nzchar(rows)]
}
name_of <- function(rows) sub(" .*", "", rows)
parameters <- name_of(block_of("$PARAM"))
compartments <- name_of(block_of("$CMT"))
values <- table_of("parameters", header = FALSE)
signals <- table_of("signals", header = FALSE) # name, value: in place of the value in the text
start <- table_of("start", header = FALSE)
times <- table_of("times", header = FALSE)[[1]]
atol <- table_of("atol", header = FALSE)[[1]]
doses <- table_of("doses")
captures <- table_of("captures", header = FALSE)
outputs <- rev(sub("^capture (\\w+) = .*", "\\1", grep("^capture ", text, value = TRUE)))[captures[[1]]]
names(values) <- parameters[seq_along(values)]
for (k in seq_len(nrow(signals))) values[[signals[k, 1]]] <- signals[k, 2]
names(start) <- paste0(compartments, "_0")
n <- nrow(values)

# Initial values come with each subject, so that the text's own are left out.
if (tool == "mrgsolve") {
    own <- tempfile("bench", fileext = ".cpp")
    writeLines(text[!grepl("_0 = ", text)], own)
    model <- mread(own, quiet = TRUE)
    model <- update(model, rtol = rtol, atol = min(atol), maxsteps = 1e6)
    subjects <- cbind(ID = seq_len(n), values, start)
    run <- function(which) {
        rows <- doses[doses$ID %in% which, ]
        out <- mrgsim(model, data = if (nrow(rows) > 0) rows, idata = subjects[which, ], tgrid = times, obsonly = TRUE,
                      output = "df")
        out[, outputs]
    }
} else {
    rxFun("power_", c("a", "b"), paste(c("double power_(double a, double b) {",
        "  return a > 0 ? pow(a, b) : b > 0 ? 0.0 : b < 0 ? 1.7976931348623157e308 : 1.0;", "}"), collapse = "\n"))
    rows <- c(block_of("$ODE"), block_of("$TABLE"))
    rows <- sub("^(double|capture) ", "", rows)
    rows <- sub("^dxdt_(\\w+) = ", "d/dt(\\1) = ", rows)
    rows <- gsub("choose_\\(", "ifelse(", gsub("fmin\\(", "min(", gsub("fmax\\(", "max(", rows)))
    rows <- gsub("\\b(SOLVERTIME|TIME)\\b", "t", rows)
    model <- rxode2(paste(rows, collapse = "\n"))
    names(start) <- compartments
    run <- function(which) {
        rows <- doses[doses$ID %in% which, ]
        each <- expand.grid(time = times, ID = which)
        events <- rbind(data.frame(id = each$ID, time = each$time, evid = 0, cmt = compartments[1], amt = 0),
                        data.frame(id = rows$ID, time = rows$time, evid = rep(1, nrow(rows)),
                                   cmt = compartments[rows$cmt], amt = rows$amt))
        events <- events[order(events$id, events$time, -events$evid), ]
        out <- rxSolve(model, params = cbind(id = which, values[which, ]), events = events,
                       inits = cbind(id = which, start[which, ]), method = "liblsoda", rtol = rtol, atol = atol,
                       maxsteps = 1e6, cores = 1, returnType = "data.frame")
        out[, outputs]
    }
}

used <- 0
done <- 0
kept <- NULL
block <- min(n, max(least, 1))
while (done < least || used < seconds) {
    which <- (done + seq_len(block) - 1) %% n + 1
    before <- proc.time()
    out <- run(which)
    used <- used + sum((proc.time() - before)[1:2])
    if (is.null(kept)) kept <- out
    done <- done + block
}
y <- aperm(array(as.matrix(kept), c(length(times), block, nrow(captures))), c(1, 3, 2))
y <- y * rep(captures[[2]], each = length(times))
first <- min(block, 64)
writeBin(as.double(y[, , seq_len(first)]), words[6])
cat(sprintf('{"solver": "%s", "lanes": 1, "rtol": %g, "subjects": %d, "failed": 0, "cpu_s": %.9g, "kept": %d, "times": %d}\n',
            tool, rtol, done, used, first, length(times)))
