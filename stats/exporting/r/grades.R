# ---- agreement --------------------------------------------------------------------

if (!requireNamespace("vcd", quietly = TRUE)) {
  message("The R package vcd is missing (Debian: apt-get install r-cran-vcd).")
  quit(status = 2)
}

NUMBERS <- c("n_sides", "n_patients", "exact_agreement", "kappa", "se_clustered",
             "interval_low", "interval_high", "se_asymptotic", "se_null", "z", "p")

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
                                   "repeat", "side", "question", "grade"))
reads$grade <- as.numeric(reads$grade)
# other questions have no grade
reads <- reads[reads$question %in% unique(reads$question[!is.na(reads$grade)]), ]
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

