# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the vignettes of this package without other packages: HTML whose <pre class="r"> blocks are run, each followed by
# what it prints and by what it draws.

# Lines of a file in turn: what is not code, and code.
split_blocks <- function(lines) {
    begins <- grep("^<pre class=\"r\">$", lines)
    ends <- vapply(begins, function(i) i + which(lines[-seq_len(i)] == "</pre>")[1], 0)
    blocks <- list()
    last <- 0
    for (k in seq_along(begins)) {
        blocks <- c(blocks, list(list(code = FALSE, lines = lines[seq_len(begins[k] - 1 - last) + last])),
                    list(list(code = TRUE, lines = unescape(lines[seq_len(ends[k] - begins[k] - 1) + begins[k]]))))
        last <- ends[k]
    }
    c(blocks, list(list(code = FALSE, lines = lines[-seq_len(last)])))
}

unescape <- function(text) gsub("&amp;", "&", gsub("&gt;", ">", gsub("&lt;", "<", text)))

escape <- function(text) gsub(">", "&gt;", gsub("<", "&lt;", gsub("&", "&amp;", text)))

# Code, what it prints, and its drawing as SVG.
run_block <- function(code, scope) {
    drawing <- tempfile(fileext = ".svg")
    on.exit(unlink(drawing))
    grDevices::svg(drawing, width = 7, height = 4)
    printed <- utils::capture.output(for (expression in parse(text = code)) {
        value <- withVisible(eval(expression, scope))
        if (value$visible) print(value$value)
    })
    grDevices::dev.off()
    picture <- if (file.exists(drawing) && file.size(drawing) > 600) readLines(drawing, warn = FALSE)[-1]
    c("<pre class=\"r\">", escape(code), "</pre>", if (length(printed) > 0) c("<pre>", escape(printed), "</pre>"), picture)
}

weave <- function(file, encoding = "UTF-8", ...) {
    scope <- new.env(parent = globalenv())
    blocks <- split_blocks(readLines(file, encoding = "UTF-8"))
    lines <- lapply(blocks, function(block) if (block$code) run_block(block$lines, scope) else block$lines)
    output <- sub("[.]Rhtml$", ".html", basename(file))
    writeLines(enc2utf8(unlist(lines)), output, useBytes = TRUE)
    output
}

tangle <- function(file, encoding = "UTF-8", ...) {
    blocks <- Filter(function(block) block$code, split_blocks(readLines(file, encoding = "UTF-8")))
    output <- sub("[.]Rhtml$", ".R", basename(file))
    writeLines(unlist(lapply(blocks, function(block) c(block$lines, ""))), output)
    output
}

.onLoad <- function(libname, pkgname) {
    tools::vignetteEngine("html", weave = weave, tangle = tangle, pattern = "[.]Rhtml$", package = pkgname)
}
