# Computes the main tables of this export anew, from its reads and its images, with
# base R, and for grades the package vcd (Debian: r-base-core, r-cran-vcd), and compares
# them with the tables that lie beside it:
#
#   Rscript analysis.R [FOLDER]
#
# It prints the largest difference of every kind of number and ends with status 1 where
# one is larger than 1e-6, or where a number of a table cannot be computed. Empty cells,
# which a table says to be not estimable, are counted and not compared.

TOLERANCE <- 1e-6

given <- commandArgs(trailingOnly = TRUE)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
folder <- if (length(given)) given[1] else if (length(script)) dirname(script) else "."

# ---- reading ----------------------------------------------------------------------

# Everything as text: a code "01" or "T" is no number and no truth value. An empty cell
# is missing. With and without a byte order mark. columns: those to read; all by default.
read_table <- function(name, columns = NULL) {
  path <- file.path(folder, name)
  head <- iconv(readLines(path, n = 1), "UTF-8", "ASCII", sub = "")
  head <- strsplit(head, ",")[[1]]
  wanted <- if (is.null(columns)) head else columns
  classes <- ifelse(head %in% wanted, "character", "NULL")
  read.csv(path, header = FALSE, skip = 1, col.names = head, colClasses = classes,
           na.strings = "", encoding = "UTF-8", check.names = FALSE)
}

there <- function(name) file.exists(file.path(folder, name))

key <- function(...) paste(..., sep = "\r")

# ---- comparing --------------------------------------------------------------------

results <- list()

# what: the table and column. printed: its cells, as text; empty where it says that a
# number is not estimable. computed: our numbers, NA where there is none.
compare <- function(what, printed, computed) {
  printed <- as.numeric(printed)
  computed <- as.numeric(computed)
  stopifnot(length(printed) == length(computed))
  checked <- !is.na(printed)
  difference <- abs(printed[checked] - computed[checked])
  difference[is.na(difference)] <- Inf
  results[[length(results) + 1]] <<- data.frame(
    what = what, compared = sum(checked), empty = sum(!checked),
    largest = if (any(checked)) max(difference) else 0)
}

# table: read by read_table. computed: list of named vectors, one for each line.
compare_columns <- function(name, table, computed, columns) {
  for (column in columns) {
    ours <- vapply(computed, function(line) unname(line[column]), numeric(1))
    compare(paste(name, column), table[[column]], ours)
  }
}

# Over every comparison, those without a P value too.
holm <- function(p) p.adjust(p, "holm", n = length(p))

# ---- shared by what follows ---------------------------------------------------------

lines_of <- function(table) lapply(seq_len(nrow(table)), function(i) table[i, ])

weights_of <- function(weighting, k) {
  distance <- abs(outer(seq_len(k), seq_len(k), "-")) / (k - 1)
  switch(weighting, unweighted = diag(k), linear = 1 - distance,
         quadratic = 1 - distance^2)
}

# Each item's share in kappa, times their number (Fleiss, Cohen and Everitt 1969).
influence_of <- function(counts, w, first, second) {
  shares <- counts / sum(counts)
  rows <- rowSums(shares)
  columns <- colSums(shares)
  observed <- sum(w * shares)
  expected <- sum(w * outer(rows, columns))
  margins <- outer(drop(w %*% columns), drop(rows %*% w), "+")
  values <- ((w - observed) * (1 - expected) -
             (margins - 2 * expected) * (1 - observed)) / (1 - expected)^2
  values[cbind(first, second)]
}

# Items of one patient are added up before they are squared.
clustered_error <- function(parts, patients) {
  totals <- tapply(parts, patients, sum)
  groups <- length(totals)
  sqrt(groups / (groups - 1) * sum(totals^2))
}

