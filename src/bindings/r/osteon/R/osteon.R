# SPDX-License-Identifier: GPL-3.0-or-later

axes <- c(arm = 0L, output = 1L, time = 2L, param = 3L, covariate = 4L, subject = 5L)
short <- c(subjects = "population.subjects", seed = "population.seed") # as the options of the command

# Signal what the library says was wrong.
check <- function(result, call = sys.call(-1)) {
    if (inherits(result, "osteon_failure")) {
        stop(structure(class = c("osteon_error", "error", "condition"), c(unclass(result), list(call = call))))
    }
    if (inherits(result, "osteon_interrupt")) {
        stop(structure(class = c("interrupt", "condition"), list(message = "stopped by the user", call = call)))
    }
    result
}

fail <- function(...) {
    check(structure(list(message = paste0(...), code = 0L, line = 0L, column = 0L), class = "osteon_failure"), NULL)
}

hint <- function(name, known) {
    distance <- utils::adist(name, known)
    if (length(known) > 0 && min(distance) <= max(2, nchar(name) / 3)) {
        paste0(" (did you mean '", known[which.min(distance)], "'?)")
    } else ""
}

# A value of a setting as YAML has it.
as_yaml <- function(value) {
    if (is.null(value)) return("null")
    if (is.list(value) && !is.null(names(value))) {
        return(paste0("{", paste0(names(value), ": ", vapply(value, as_yaml, ""), collapse = ", "), "}"))
    }
    if (is.logical(value)) value <- ifelse(value, "true", "false")
    if (is.numeric(value)) {
        whole <- value == round(value) & abs(value) < 2^53
        value <- ifelse(whole, sprintf("%.0f", value), sprintf("%.17g", value))
    }
    value <- as.character(value)
    if (length(value) == 1) value else paste0("[", paste(value, collapse = ", "), "]")
}

settings_of <- function(changes) {
    if (length(changes) == 0) return(character())
    if (is.null(names(changes)) || any(names(changes) == "")) fail("a change has no name; write it as PATH = VALUE")
    paths <- names(changes)
    paths[paths %in% names(short)] <- short[paths[paths %in% names(short)]]
    paste0(paths, "=", vapply(changes, as_yaml, ""))
}

# The path of an experiment: a file, or the name of one that is shipped.
find_experiment <- function(experiment) {
    if (file.exists(experiment) || grepl("\\.yaml$", experiment)) return(experiment)
    folder <- normalizePath(.Call(library_path), mustWork = FALSE)
    folders <- "configs"
    while (dirname(folder) != folder) {
        folder <- dirname(folder)
        folders <- c(folders, file.path(folder, c("configs", "share/osteon/configs")))
    }
    folders <- folders[dir.exists(file.path(folders, "evidence"))]
    files <- Sys.glob(c(file.path(folders, "*.yaml"), file.path(folders, "*", "*.yaml")))
    files <- files[basename(dirname(files)) != "fit"]
    known <- sub("\\.yaml$", "", basename(files))
    letters_of <- function(name) gsub("[^a-z0-9]", "", tolower(name)) # "ABCSG-18" is abcsg18
    found <- match(letters_of(experiment), letters_of(known))
    if (!is.na(found)) return(files[found])
    near <- hint(experiment, unique(known))
    fail(experiment, ": there is no such file, and no experiment of that name",
        if (nzchar(near)) near else "; 'osteon list configs' lists them")
}

new_source <- function(experiment, changes, text, models) {
    path <- if (is.null(text)) find_experiment(experiment) else experiment
    if (!is.null(text)) text <- paste(text, collapse = "\n")
    if (length(models) > 0 && (is.null(names(models)) || any(names(models) == ""))) {
        fail("a model has no name; write it as c(\"./own.model\" = TEXT)")
    }
    texts <- vapply(models, function(lines) paste(lines, collapse = "\n"), "")
    list(path, text, settings_of(changes), as.character(names(models)), as.character(texts))
}

plan_study <- function(source, threads) {
    check(do.call(.Call, c(list(new_study), source, list(as.integer(threads)))), NULL)
}

names_of <- function(study, axis, what = "name") .Call(texts, study, axes[[axis]], what)

subjects_of <- function(study) format(.Call(values, study, axes[["subject"]]), scientific = FALSE, trim = TRUE)

# A name that a result has already would take the place of that.
check_names <- function(study) {
    covariates <- names_of(study, "covariate")
    names <- c("arm", "subject", "time", "status", "covariates", "parameters", covariates,
        unique(sub("\\[.*", "", names_of(study, "output"))))
    if (anyDuplicated(names)) {
        fail("two things of the result are named '", names[anyDuplicated(names)], "'; rename that output or covariate, or ",
            "list the outputs to compute")
    }
}

osteon_run <- function(experiment, ..., text = NULL, models = NULL, parameters = FALSE, threads = 0, progress = FALSE) {
    study <- plan_study(new_source(experiment, list(...), text, models), threads)
    check_names(study)
    found <- check(.Call(run, study, progress))
    numbers <- .Call(values, study, axes[["subject"]])
    n <- length(numbers)
    subjects <- subjects_of(study)
    arms <- names_of(study, "arm")
    times <- .Call(values, study, axes[["time"]])
    outputs <- names_of(study, "output")
    y <- aperm(array(found$outputs, c(length(times), length(outputs), n, length(arms)),
        list(time = as.character(times), output = outputs, subject = subjects, arm = arms)), 4:1)
    result <- list()
    sets <- names_of(study, "output", "index")
    bases <- sub("\\[.*", "", outputs)
    for (base in unique(bases)) { # [arm, subject, time], or [arm, element, subject, time]
        at <- which(bases == base)
        if (sets[at[1]] == "") {
            result[[base]] <- array(y[, , at, ], dim(y)[-3], dimnames(y)[-3])
        } else {
            elements <- stats::setNames(list(sub("^[^[]*\\[(.*)\\]$", "\\1", outputs[at])), sets[at[1]])
            result[[base]] <- aperm(array(y[, , at, ], c(dim(y)[1:2], length(at), dim(y)[4]),
                c(dimnames(y)[1:2], elements, dimnames(y)[4])), c(1, 3, 2, 4))
        }
    }
    columns <- function(axis, x) {
        name <- names_of(study, axis)
        frame <- as.data.frame(matrix(x, ncol = length(name), byrow = TRUE, dimnames = list(NULL, name)), optional = TRUE)
        cbind(subject = numbers, frame)
    }
    result$time <- times
    result$status <- t(matrix(found$status, n, length(arms), dimnames = list(subject = subjects, arm = arms)))
    result$covariates <- columns("covariate", found$covariates)
    if (parameters) result$parameters <- columns("param", found$parameters)
    once <- !duplicated(bases)
    unit <- c(names_of(study, "output", "unit")[once], "d", names_of(study, "covariate", "unit"))
    attr(result, "units") <- stats::setNames(unit, c(bases[once], "time", names_of(study, "covariate")))
    attr(result, "outputs") <- bases[once]
    attr(result, "experiment") <- .Call(yaml_of, study)
    structure(result, class = "osteon_result")
}

as.data.frame.osteon_result <- function(x, row.names = NULL, optional = FALSE, ...) {
    arms <- rownames(x$status)
    grid <- expand.grid(time = x$time, subject = x$covariates$subject, arm = arms, stringsAsFactors = FALSE)
    frame <- cbind(grid[3:1], x$covariates[match(grid$subject, x$covariates$subject), -1, drop = FALSE])
    rownames(frame) <- row.names
    for (name in attr(x, "outputs")) {
        y <- x[[name]]
        if (length(dim(y)) == 3) {
            frame[[name]] <- as.vector(aperm(y, 3:1))
        } else {
            for (element in dimnames(y)[[2]]) {
                frame[[paste0(name, "_", element)]] <- as.vector(aperm(array(y[, element, , ], dim(y)[-2]), 3:1))
            }
        }
    }
    frame
}

print.osteon_result <- function(x, ...) {
    cat(length(rownames(x$status)), "arms:", paste(rownames(x$status), collapse = ", "), "\n")
    cat(nrow(x$covariates), "subjects,", length(x$time), "times from", min(x$time), "to", max(x$time), "d\n")
    for (name in attr(x, "outputs")) {
        cat(name, " [", attr(x, "units")[[name]], "]: ", paste(names(dimnames(x[[name]])), collapse = ", "), "\n", sep = "")
    }
    invisible(x)
}

osteon_model <- function(experiment, ..., text = NULL, models = NULL) {
    source <- new_source(experiment, list(...), text, models)
    study <- plan_study(source, 1)
    source[2] <- .Call(yaml_of, study)
    source[[3]] <- character() # the changes are in that text
    parameters <- data.frame(name = names_of(study, "param"), value = .Call(values, study, axes[["param"]]),
        unit = names_of(study, "param", "unit"), meaning = names_of(study, "param", "title"))
    structure(class = "osteon_model", list(arms = names_of(study, "arm"), outputs = names_of(study, "output"),
        units = names_of(study, "output", "unit"), times = .Call(values, study, axes[["time"]]),
        subjects = .Call(n_subjects, study), parameters = parameters, study = study, source = source))
}

print.osteon_model <- function(x, ...) {
    cat("y [row, arm, output, subject, time]\n")
    cat("arms:", paste(x$arms, collapse = ", "), "\n")
    cat("outputs:", paste0(x$outputs, " [", x$units, "]", collapse = ", "), "\n")
    cat(x$subjects, "subjects,", length(x$times), "times from", min(x$times), "to", max(x$times), "d\n")
    cat(nrow(x$parameters), "parameters: see $parameters\n")
    invisible(x)
}

# Path and unit of a name.
entry_of <- function(model, name) {
    at <- match(name, model$parameters$name)
    if (!is.na(at)) return(c(paste0("parameters.", name), model$parameters$unit[at]))
    parts <- regmatches(name, regexec("^\\s*([^][[:space:]]+)(\\s*\\[([^][]+)\\])?\\s*$", name))[[1]]
    blocks <- sub("\\..*", "", model$parameters$name)
    if (length(parts) == 0 || !grepl(".", parts[2], fixed = TRUE) || sub("\\..*", "", parts[2]) %in% blocks) {
        fail("'", name, "' is neither a parameter nor an entry with its unit as 'arms.ARM.regimen.0.dose [mg]'",
            hint(name, model$parameters$name))
    }
    c(parts[2], if (parts[4] == "") "1" else parts[4])
}

osteon_batch <- function(model, theta, names = colnames(theta), threads = detectCores(), progress = FALSE) {
    if (is.data.frame(theta)) theta <- as.matrix(theta)
    if (is.null(dim(theta))) theta <- matrix(theta, 1, dimnames = list(NULL, base::names(theta)))
    if (is.null(names)) names <- colnames(theta)
    if (!is.numeric(theta)) fail("theta is ", typeof(theta), "; expected numbers")
    if (ncol(theta) != length(names)) {
        fail("theta has ", ncol(theta), " columns; expected a matrix of numbers, a column for each of the ",
            length(names), " names")
    }
    if (anyDuplicated(names)) fail("names has '", names[anyDuplicated(names)], "' twice")
    wrong <- which(!is.finite(theta), arr.ind = TRUE)
    if (nrow(wrong) > 0) {
        fail("theta[", wrong[1, 1], ", ", wrong[1, 2], "] is ", theta[wrong[1, , drop = FALSE]], " for '",
            names[wrong[1, 2]], "'; expected a finite number")
    }
    entries <- vapply(names, function(name) entry_of(model, name), c("", ""))
    storage.mode(theta) <- "double"
    threads <- max(1L, min(as.integer(threads), nrow(theta), na.rm = TRUE))
    y <- check(.Call(batch, model$study, model$source, entries[1, ], entries[2, ], theta, threads, progress))
    y <- array(y, c(length(model$times), length(model$outputs), model$subjects, length(model$arms), nrow(theta)),
        list(time = as.character(model$times), output = model$outputs,
            subject = subjects_of(model$study), arm = model$arms, row = NULL))
    aperm(y, c(5, 4, 2, 3, 1))
}
