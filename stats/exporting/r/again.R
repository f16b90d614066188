# ---- the same answer again ----------------------------------------------------------

# Of a pair 1 where its first arm was preferred, 3 the second, 2 neither. arm: a code,
# or two with ~ between them.
said_of <- function(from, question, arm, reader) {
  from <- from[from$question == question & from$reader == reader, ]
  pair <- strsplit(arm, "~", fixed = TRUE)[[1]]
  if (length(pair) == 1) return(from[from$arm == arm, c("case", "patient", "value")])
  from <- from[from$arm %in% pair & from$second_arm %in% pair, ]
  value <- match(from$preferred, c(pair[1], NA, pair[2]))
  data.frame(case = from$case, patient = from$patient, value = value)
}

plain_kappa <- function(x, y, w) {
  k <- nrow(w)
  shares <- table(factor(x, seq_len(k)), factor(y, seq_len(k))) / length(x)
  expected <- sum(w * outer(rowSums(shares), colSums(shares)))
  if (length(unique(x)) == 1 && length(unique(y)) == 1) return(NA_real_)
  (sum(w * shares) - expected) / (1 - expected)
}

intraclass <- function(x, absolute) {
  n <- nrow(x)
  k <- ncol(x)
  items <- k * sum((rowMeans(x) - mean(x))^2) / (n - 1)
  raters <- n * sum((colMeans(x) - mean(x))^2) / (k - 1)
  error <- (sum((x - mean(x))^2) - (n - 1) * items - (k - 1) * raters) /
    ((n - 1) * (k - 1))
  (items - error) / (items + (k - 1) * error +
                       if (absolute) k * (raters - error) / n else 0)
}

# statistic of all rows, and without each patient
without_each <- function(statistic, rows, patients) left_out(
  statistic(rows), vapply(unique(patients), function(one)
    statistic(rows[patients != one, , drop = FALSE]), numeric(1)))

# Places of the answers among those that the question has.
places_of <- function(question) {
  table <- if (there("ratings.csv")) read_table("ratings.csv") else NULL
  listed <- as.numeric(table$answer[table$question == question])
  sort(unique(c(listed, if (!length(listed)) 0:100)))
}

if (there("answers_again.csv")) {
  table <- read_table("answers_again.csv")
  computed <- lapply(lines_of(table), function(line) {
    both <- merge(said_of(firsts, line$question, line$arm, line$reader),
                  said_of(again, line$question, line$arm, line$reader),
                  by = c("case", "patient"))
    found <- c(n_images = nrow(both), value = NA, interval_low = NA,
               interval_high = NA, jackknife_low = NA, jackknife_high = NA)
    if (!nrow(both)) return(found)
    apart <- both$value.y - both$value.x
    found[2:4] <- switch(
      line$measure,
      same = effective_share(apart == 0, both$patient),
      shift = clustered_mean(apart, both$patient),
      sd = c(sd(apart), NA, NA),
      c(NA, NA, NA))
    if (line$measure == "repeatability") {
      size <- function(rows) qnorm(0.975) * sqrt(mean(rows^2))
      rest <- vapply(unique(both$patient), function(one)
        log(size(apart[both$patient != one])), numeric(1))
      groups <- length(rest)
      half <- if (groups > 1)
        qt(0.975, groups - 1) * sqrt((groups - 1)^2 / groups * var(rest)) else NA
      found[2:4] <- size(apart) * exp(c(0, -half, half))
    }
    if (line$measure == "icc_a_1") found[2:4] <- without_each(
      function(rows) intraclass(rows, TRUE),
      as.matrix(both[c("value.x", "value.y")]), both$patient)[-2]
    if (line$measure == "kappa") {
      places <- places_of(line$question)
      x <- match(both$value.x, places)
      y <- match(both$value.y, places)
      w <- weights_of(line$weighting, length(places))
      found["value"] <- plain_kappa(x, y, w)
      varies <- lengths(lapply(list(x, y, both$patient), unique)) > 1
      if (all(varies) && abs(found[["value"]]) < 1) {
        counts <- matrix(table(factor(x, seq_along(places)),
                               factor(y, seq_along(places))), length(places))
        parts <- influence_of(counts, w, x, y) / length(x)
        half <- qt(0.975, length(unique(both$patient)) - 1) *
          clustered_error(parts, both$patient) / (1 - found[["value"]]^2)
        found[3:4] <- tanh(atanh(found[["value"]]) + c(-1, 1) * half)
        found[5:6] <- without_each(function(rows)
          plain_kappa(rows[, 1], rows[, 2], w), cbind(x, y), both$patient)[3:4]
      }
    }
    found
  })
  compare_columns("answers_again.csv", table, computed,
                  c("n_images", "value", "interval_low", "interval_high",
                    "jackknife_low", "jackknife_high"))
}

# x: a row for each image, a column for each reader; places of answers, NA for none.
coefficients <- list(
  light = function(x, k) mean_kappa_of_pairs(x, weights_of("quadratic", k)),
  light_unweighted = function(x, k) mean_kappa_of_pairs(x, diag(k)),
  fleiss = function(x, k) {
    counts <- t(apply(x, 1, tabulate, k))
    r <- ncol(x)
    expected <- sum((colSums(counts) / length(x))^2)
    (mean(rowSums(counts * (counts - 1)) / (r * (r - 1))) - expected) / (1 - expected)
  },
  icc_2_1 = function(x, k) intraclass(x, TRUE),
  icc_3_1 = function(x, k) intraclass(x, FALSE))

mean_kappa_of_pairs <- function(x, w) mean(apply(combn(ncol(x), 2), 2, function(two) {
  both <- x[complete.cases(x[, two]), two, drop = FALSE]
  plain_kappa(both[, 1], both[, 2], w)
}))

if (there("answers_among_readers.csv")) {
  table <- read_table("answers_among_readers.csv")
  table <- table[table$coefficient %in% names(coefficients), ]
  computed <- lapply(lines_of(table), function(line) {
    said <- do.call(rbind, lapply(whose_answers, function(reader) {
      one <- said_of(firsts, line$question, line$arm, reader)
      if (nrow(one)) cbind(one, reader = reader)
    }))
    none <- c(n_images = 0, estimate = NA, se = NA, interval_low = NA,
              interval_high = NA)
    if (is.null(said)) return(none)
    places <- places_of(line$question)
    x <- tapply(match(said$value, places),
                list(said$case, factor(said$reader, whose_answers)), sum)
    needed <- if (grepl("light", line$coefficient)) 2 else ncol(x)
    x <- x[rowSums(!is.na(x)) >= needed, , drop = FALSE]
    if (!nrow(x)) return(none)
    owner <- said$patient[match(rownames(x), said$case)]
    statistic <- function(rows)
      coefficients[[line$coefficient]](rows, length(places))
    c(n_images = nrow(x), without_each(statistic, x, owner))
  })
  compare_columns("answers_among_readers.csv", table, computed,
                  c("n_images", "estimate", "se", "interval_low", "interval_high"))
}

