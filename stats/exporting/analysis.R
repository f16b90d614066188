# Computes the main tables of this export anew, from its reads and its images, with
# base R and the package vcd (Debian: r-base-core, r-cran-vcd), and compares them with
# the tables that lie beside it:
#
#   Rscript analysis.R [FOLDER]
#
# It prints the largest difference of every kind of number and ends with status 1 where
# one is larger than 1e-6, or where a number of a table cannot be computed. Empty cells,
# which a table says to be not estimable, are counted and not compared.

TOLERANCE <- 1e-6

if (!requireNamespace("vcd", quietly = TRUE)) {
  message("The R package vcd is missing (Debian: apt-get install r-cran-vcd).")
  quit(status = 2)
}

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

# ---- agreement --------------------------------------------------------------------

NUMBERS <- c("n_sides", "n_patients", "exact_agreement", "kappa", "se_clustered",
             "interval_low", "interval_high", "se_asymptotic", "se_null", "z", "p")

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

# kappa and all that kappa.csv says of it. first, second: places in the categories.
agreement <- function(first, second, patients, categories, weighting) {
  n <- length(first)
  groups <- length(unique(patients))
  found <- setNames(rep(NA_real_, length(NUMBERS)), NUMBERS)
  found[c("n_sides", "n_patients")] <- c(n, groups)
  if (n == 0) return(found)
  found["exact_agreement"] <- mean(first == second)
  used <- c(length(unique(first)), length(unique(second)))
  if (groups < 2 || all(used == 1)) return(found)
  k <- length(categories)
  counts <- table(factor(first, seq_len(k)), factor(second, seq_len(k)))
  counts <- matrix(counts, k, k)
  spacing <- if (weighting == "linear") "Equal-Spacing" else "Fleiss-Cohen"
  # its errors of perfect agreement are roots of what rounding leaves below 0
  by_vcd <- suppressWarnings(vcd::Kappa(counts, weights = spacing))
  estimate <- if (weighting == "unweighted") by_vcd$Unweighted else by_vcd$Weighted
  kappa <- unname(estimate["value"])
  found["kappa"] <- kappa
  w <- weights_of(weighting, k)
  shares <- counts / n
  chance <- outer(rowSums(shares), colSums(shares))
  expected <- sum(w * chance)
  margins <- outer(drop(w %*% colSums(shares)), drop(rowSums(shares) %*% w), "+")
  null <- sqrt(max(0, sum(chance * (w - margins)^2) - expected^2) /
               (n * (1 - expected)^2))
  clustered <- clustered_error(influence_of(counts, w, first, second) / n, patients)
  half <- qt(0.975, groups - 1) * clustered / (1 - kappa^2)
  found["se_asymptotic"] <- unname(estimate["ASE"])
  found["se_null"] <- null
  found["z"] <- kappa / null
  found["p"] <- 2 * pnorm(-abs(kappa / null))
  found["se_clustered"] <- clustered
  found["interval_low"] <- tanh(atanh(kappa) - half)
  found["interval_high"] <- tanh(atanh(kappa) + half)
  found
}

# One line a side that both readings graded; side: "both", "right" or "left".
pairs_of <- function(first, second, side = "both") {
  columns <- c("case", "side", "patient", "grade")
  both <- merge(first[columns], second[columns], by = c("case", "side", "patient"))
  both <- both[!is.na(both$grade.x) & !is.na(both$grade.y), ]
  if (side == "both") both else both[both$side == side, ]
}

reads <- read_table("reads.csv", c("reader", "case", "patient", "arm", "arm_role",
                                   "repeat", "side", "grade"))
reads$grade <- as.numeric(reads$grade)
readings <- split(reads, key(reads$reader, reads$arm, reads[["repeat"]]))
reference <- unique(reads$arm[reads$arm_role == "reference"])

reading <- function(reader, arm, again = "0") {
  found <- readings[[key(reader, arm, again)]]
  if (is.null(found)) reads[0, ] else found
}

pairs_with_reference <- function(reader, arm, side = "both")
  pairs_of(reading(reader, reference), reading(reader, arm), side)

of_line <- function(line, pairs) {
  categories <- as.numeric(strsplit(line$categories, " ")[[1]])
  agreement(match(pairs$grade.x, categories), match(pairs$grade.y, categories),
            pairs$patient, categories, line$weighting)
}

lines_of <- function(table) lapply(seq_len(nrow(table)), function(i) table[i, ])

kappa <- read_table("kappa.csv")
single <- kappa[kappa$estimate == "reader", ]
computed <- lapply(lines_of(single), function(line)
  of_line(line, pairs_with_reference(line$reader, line$arm, line$side)))
compare_columns("kappa.csv", single, computed, NUMBERS)

single$computed <- vapply(computed, function(one) one[["kappa"]], numeric(1))
means <- kappa[kappa$estimate == "mean", ]
compare("kappa.csv mean over readers", means$kappa, vapply(
  lines_of(means), function(line) mean(single$computed[
    single$arm == line$arm & single$weighting == line$weighting &
      single$side == line$side]), numeric(1)))
planned <- unique(reads$arm[reads$arm_role != "reference"])
compare("kappa.csv lines", nrow(single),
        9 * length(planned) * length(unique(reads$reader)))

intra <- read_table("intra_reader.csv")
computed <- lapply(lines_of(intra), function(line) of_line(line, pairs_of(
  reading(line$reader, line$arm, "0"), reading(line$reader, line$arm, "1"),
  line$side)))
compare_columns("intra_reader.csv", intra, computed, NUMBERS)

# ---- several readers --------------------------------------------------------------

# Kappas of several cells (reader and arm) at once: each pair's influence on the sum of
# share * kappa, added up by patient. cells: lists with first, second, patients, share.
joint <- function(cells, categories, weighting) {
  k <- length(categories)
  w <- weights_of(weighting, k)
  parts <- lapply(cells, function(cell) {
    first <- match(cell$pairs$grade.x, categories)
    second <- match(cell$pairs$grade.y, categories)
    counts <- matrix(table(factor(first, seq_len(k)), factor(second, seq_len(k))), k, k)
    found <- agreement(first, second, cell$pairs$patient, categories, weighting)
    list(kappa = cell$share * found[["kappa"]], patients = cell$pairs$patient,
         parts = cell$share * influence_of(counts, w, first, second) / length(first))
  })
  patients <- unlist(lapply(parts, `[[`, "patients"))
  groups <- length(unique(patients))
  estimate <- sum(vapply(parts, `[[`, numeric(1), "kappa"))
  error <- clustered_error(unlist(lapply(parts, `[[`, "parts")), patients)
  c(estimate = estimate, error = error, df = groups - 1)
}

categories <- as.numeric(strsplit(kappa$categories[1], " ")[[1]])
readers <- sort(unique(reads$reader))

if (there("mean_kappa.csv")) {
  table <- read_table("mean_kappa.csv")
  computed <- lapply(lines_of(table), function(line) {
    found <- joint(lapply(readers, function(reader) list(
      pairs = pairs_with_reference(reader, line$arm), share = 1 / length(readers))),
      categories, line$weighting)
    half <- qt(0.975, found[["df"]]) * found[["error"]] / (1 - found[["estimate"]]^2)
    middle <- atanh(found[["estimate"]])
    c(mean_kappa = found[["estimate"]], se_clustered = found[["error"]],
      interval_low = tanh(middle - half), interval_high = tanh(middle + half))
  })
  compare_columns("mean_kappa.csv", table, computed,
                  c("mean_kappa", "se_clustered", "interval_low", "interval_high"))
}

# Sides that a reader graded in the reference and in both arms.
same_sides <- function(reader, arm, control) {
  one <- pairs_with_reference(reader, arm)
  other <- pairs_with_reference(reader, control)
  names <- key(one$case, one$side)
  others <- key(other$case, other$side)
  list(one[names %in% others, ], other[others %in% names, ])
}

if (there("comparisons.csv")) {
  table <- read_table("comparisons.csv")
  computed <- lapply(lines_of(table), function(line) {
    whose <- if (line$estimate == "mean") readers else line$reader
    cells <- lapply(whose, function(reader) {
      both <- same_sides(reader, line$arm, line$control)
      list(list(pairs = both[[1]], share = 1 / length(whose)),
           list(pairs = both[[2]], share = -1 / length(whose)))
    })
    found <- joint(do.call(c, cells), categories, line$weighting)
    half <- qt(0.975, found[["df"]]) * found[["error"]]
    t <- found[["estimate"]] / found[["error"]]
    c(difference = found[["estimate"]], se_clustered = found[["error"]],
      interval_low = found[["estimate"]] - half,
      interval_high = found[["estimate"]] + half,
      p = 2 * pt(-abs(t), found[["df"]]))
  })
  compare_columns("comparisons.csv", table, computed,
                  c("difference", "se_clustered", "interval_low", "interval_high", "p"))
  whole <- table$estimate == "mean"
  compare("comparisons.csv p_holm", table$p_holm[whole], holm(
    vapply(computed[whole], function(one) one[["p"]], numeric(1))))
}

# ---- what moves the grades --------------------------------------------------------

# Of one reader, or of all where there is none.
pairs_of_all <- function(reader, arm, against) {
  whose <- if (is.na(reader)) readers else reader
  do.call(rbind, lapply(whose, function(one)
    if (against == "standard") pairs_with_reference(one, arm)
    else pairs_of(reading(one, arm, "0"), reading(one, arm, "1"))))
}

# Signed ranks, two-sided: exact by the sums of the doubled ranks over all signs, ties
# and zeros as they are, or normal with continuity correction as wilcox.test has it.
signed_rank_p <- function(moved, ranks, exact) {
  moved <- sign(moved[ranks > 0])
  ranks <- ranks[ranks > 0]
  if (!length(ranks)) return(NA_real_)
  positive <- sum(ranks[moved > 0])
  if (!exact) {
    centred <- positive - sum(ranks) / 2
    return(2 * pnorm(-abs(centred - sign(centred) / 2) / (sqrt(sum(ranks^2)) / 2)))
  }
  chances <- 1
  for (rank in round(2 * ranks))
    chances <- (c(chances, numeric(rank)) + c(numeric(rank), chances)) / 2
  place <- round(2 * positive) + 1
  min(1, 2 * min(sum(chances[seq_len(place)]), sum(chances[place:length(chances)])))
}

if (there("grade_shift.csv")) {
  table <- read_table("grade_shift.csv")
  computed <- lapply(lines_of(table), function(line) {
    pairs <- pairs_of_all(line$reader, line$arm, line$compared_with)
    moved <- as.numeric(tapply(pairs$grade.y - pairs$grade.x, pairs$patient, mean))
    half <- qt(0.975, length(moved) - 1) * sd(moved) / sqrt(length(moved))
    moved <- round(moved, 9)
    other <- moved[moved != 0]
    exact <- identical(line$wilcoxon_exact, "TRUE")
    c(mean_difference = mean(moved), interval_low = mean(moved) - half,
      interval_high = mean(moved) + half,
      wilcoxon_p = signed_rank_p(moved, rank(abs(moved)) * (moved != 0), exact),
      wilcoxon_zeros_dropped_p = signed_rank_p(other, rank(abs(other)), exact))
  })
  compare_columns("grade_shift.csv", table, computed,
                  c("mean_difference", "interval_low", "interval_high",
                    "wilcoxon_p", "wilcoxon_zeros_dropped_p"))
}

if (there("detection.csv")) {
  table <- read_table("detection.csv")
  computed <- vapply(lines_of(table), function(line) {
    pairs <- pairs_of_all(line$reader, line$arm, "standard")
    normal <- pairs$grade.x >= as.numeric(line$normal_from)
    said <- pairs$grade.y >= as.numeric(line$normal_from)
    of <- switch(line$measure, sensitivity = !normal, specificity = normal, TRUE)
    mean((said == normal)[of])
  }, numeric(1))
  compare("detection.csv share", table$share, computed)
}

# ---- image quality ----------------------------------------------------------------

images <- read_table("image_quality.csv", c("case", "patient", "arm", "slice",
  "mean_squared_error", "psnr_range_255", "ssim_range_255", "ssim_range_1"))
error <- as.numeric(images$mean_squared_error)
compare("image_quality.csv psnr_range_255", images$psnr_range_255,
        10 * log10(255^2 / error))

# One value a patient and arm: the mean over slices that have one; complete patients.
patient_means <- function(values, arms) {
  found <- tapply(values, list(images$patient, images$arm), mean, na.rm = TRUE)
  found[, arms, drop = FALSE]
}

column_of <- function(metric, range) paste0(metric, "_range_", range)

summaries <- read_table("image_quality_summary.csv")
summary_of <- function(metric, range) {
  lines <- summaries[summaries$metric == metric & summaries$data_range == range, ]
  values <- as.numeric(images[[column_of(metric, range)]])
  means <- patient_means(values, lines$arm)
  slices <- lines$blocks[1] == "slice"
  blocks <- if (slices) tapply(values, list(key(images$case, images$slice), images$arm),
                               mean)[, lines$arm, drop = FALSE] else means
  blocks <- blocks[complete.cases(blocks), , drop = FALSE]
  tested <- nrow(blocks) > 1 && ncol(blocks) > 1
  name <- paste0("image_quality_summary.csv ", metric, " ", range, ": ")
  of_arm <- split(values, factor(images$arm, lines$arm))
  compare(paste0(name, "mean"), lines$mean, sapply(of_arm, mean, na.rm = TRUE))
  compare(paste0(name, "sd"), lines$sd, sapply(of_arm, sd, na.rm = TRUE))
  compare(paste0(name, "sd_patients"), lines$sd_patients,
          apply(means, 2, sd, na.rm = TRUE))
  if (!tested) return(invisible())
  ranks <- t(apply(blocks, 1, rank))
  compare(paste0(name, "mean_rank"), lines$mean_rank, colMeans(ranks))
  test <- friedman.test(blocks)
  n <- nrow(blocks)
  k <- ncol(blocks)
  all_lines <- function(value) rep(unname(value), nrow(lines))
  compare(paste0(name, "friedman_chi2"), lines$friedman_chi2, all_lines(test$statistic))
  compare(paste0(name, "friedman_p"), lines$friedman_p, all_lines(test$p.value))
  compare(paste0(name, "kendall_w"), lines$kendall_w,
          all_lines(test$statistic / (n * (k - 1))))
  control <- match(na.omit(lines$control)[1], lines$arm)
  if (is.na(control)) return(invisible())
  spread <- sqrt(2 * sum((ranks - (k + 1) / 2)^2) / (k - 1)) / n
  z <- (colMeans(ranks) - colMeans(ranks)[control])[-control] / spread
  p <- 2 * pnorm(-abs(z))
  others <- lines[-control, ]
  compare(paste0(name, "Dunn z"), others$z, z)
  compare(paste0(name, "Dunn p"), others$p, p)
  compare(paste0(name, "Dunn p, Holm"), others$p_holm, holm(p))
}
kinds <- unique(summaries[c("metric", "data_range")])
for (i in seq_len(nrow(kinds))) summary_of(kinds$metric[i], kinds$data_range[i])

# Arm minus control, a patient's mean each.
comparison_of <- function(table, metric, range) {
  lines <- table[table$metric == metric & table$data_range == range, ]
  values <- as.numeric(images[[column_of(metric, range)]])
  means <- patient_means(values, unique(images$arm))
  name <- paste0("image_quality_comparisons.csv ", metric, " ", range, ": ")
  found <- lapply(lines_of(lines), function(line) {
    moved <- as.numeric(na.omit(means[, line$arm] - means[, line$control]))
    half <- qt(0.975, length(moved) - 1) * sd(moved) / sqrt(length(moved))
    exact <- grepl("exact", line$wilcoxon_method)
    moved_at_all <- moved[moved != 0]
    shift <- c(mean(moved), mean(moved) - half, mean(moved) + half)
    if (length(moved_at_all) == 0) return(unname(c(shift, rep(NA, 4))))
    test <- suppressWarnings(wilcox.test(moved_at_all, exact = exact, conf.int = exact))
    walsh <- if (exact) c(test$estimate, test$conf.int) else rep(NA, 3)
    unname(c(shift, test$p.value, walsh))
  })
  found <- do.call(rbind, found)
  columns <- c("mean_difference", "interval_low", "interval_high", "wilcoxon_p",
               "pseudomedian", "pseudomedian_low", "pseudomedian_high")
  exact <- grepl("exact", lines$wilcoxon_method)
  for (i in seq_along(columns)) {
    which <- if (i > 4) exact else TRUE
    compare(paste0(name, columns[i]), lines[[columns[i]]][which], found[which, i])
  }
  compare(paste0(name, "wilcoxon_p_holm"), lines$wilcoxon_p_holm,
          holm(found[, 4]))
  known <- !is.na(values)
  test <- kruskal.test(values[known], factor(images$arm[known]))
  compare(paste0(name, "kruskal_wallis_p"), lines$kruskal_wallis_p,
          rep(test$p.value, nrow(lines)))
}
if (there("image_quality_comparisons.csv")) {
  table <- read_table("image_quality_comparisons.csv")
  kinds <- unique(table[c("metric", "data_range")])
  for (i in seq_len(nrow(kinds)))
    comparison_of(table, kinds$metric[i], kinds$data_range[i])
}

# ---- what came out ----------------------------------------------------------------

results <- do.call(rbind, results)
options(width = 120)
shown <- transform(results, largest = formatC(largest, format = "e", digits = 1))
print(shown, row.names = FALSE, right = FALSE)
bad <- results$largest > TOLERANCE
if (any(bad)) {
  cat(sprintf("\n%d of %d kinds of numbers differ by more than %g.\n", sum(bad),
              nrow(results), TOLERANCE))
  quit(status = 1)
}
cat(sprintf("\nAll %d numbers agree within %g.\n", sum(results$compared), TOLERANCE))
