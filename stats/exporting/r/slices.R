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

