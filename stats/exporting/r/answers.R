# ---- answers about whole images -----------------------------------------------------

answers <- read_table("reads.csv", c("reader", "case", "patient", "arm", "second_arm",
                                     "repeat", "side", "question", "value",
                                     "preferred"))
answers <- answers[answers$side == "image", ]
whose_answers <- sort(unique(answers$reader))  # those who said nothing, too
answers <- answers[!is.na(answers$value), ]
answers$value <- as.numeric(answers$value)
again <- answers[answers[["repeat"]] == "1", ]
firsts <- answers[answers[["repeat"]] == "0", ]

# From where: a reader NA stands for all of them.
given_by <- function(from, question, arm, reader = NA)
  from[from$question == question & from$arm == arm &
         (is.na(reader) | from$reader == reader), ]

# What a reader said of the same cases in two arms: value.x, value.y.
in_both <- function(question, arm, other, reader) merge(
  given_by(firsts, question, arm, reader), given_by(firsts, question, other, reader),
  by = c("reader", "case", "patient"))

# ---- shares and means ---------------------------------------------------------------

# R's prop.test(correct = FALSE), with another quantile if need be.
wilson <- function(share, n, z = qnorm(0.975)) {
  shrunk <- 1 + z^2 / n
  middle <- (share + z^2 / (2 * n)) / shrunk
  half <- z / shrunk * sqrt(share * (1 - share) / n + z^2 / (4 * n^2))
  c(max(0, middle - half), min(1, middle + half))
}

back <- function(logit) 1 / (1 + exp(-logit))

# Clustered by patient: Wilson's with one answer a patient or all alike, else t on the
# logit scale.
share_of <- function(right, patients) {
  none <- c(share = NA, se = NA, low = NA, high = NA)
  if (!length(right)) return(none)
  y <- tapply(right, patients, sum)
  m <- tapply(right, patients, length)
  groups <- length(m)
  share <- sum(y) / sum(m)
  none["share"] <- share
  if (groups < 2) return(none)
  error <- sqrt(groups / (groups - 1) * sum(((y - share * m) / sum(m))^2))
  if (share %in% c(0, 1)) return(c(share = share, se = NA, setNames(
    wilson(share, groups), c("low", "high"))))
  if (error < 1e-12) return(none)
  ends <- if (sum(m) == groups) wilson(share, groups) else
    back(qlogis(share) + c(-1, 1) * qt(0.975, groups - 1) * error /
           (share * (1 - share)))
  c(share = share, se = error, low = ends[1], high = ends[2])
}

# Clustered by patient: Wilson's with the effective number of answers, t for z.
effective_share <- function(right, patients) {
  n <- length(right)
  groups <- length(unique(patients))
  share <- mean(right)
  if (groups < 2) return(c(share, NA, NA))
  effective <- groups
  if (share > 0 && share < 1) effective <- min(n, share * (1 - share) /
    max(clustered_error((right - share) / n, patients), 1e-12)^2)
  c(share, wilson(share, effective, qt(0.975, groups - 1)))
}

clustered_mean <- function(values, patients) {
  groups <- length(unique(patients))
  if (groups < 2) return(c(mean(values), NA, NA))
  error <- clustered_error((values - mean(values)) / length(values), patients)
  mean(values) + c(0, -1, 1) * qt(0.975, groups - 1) * error
}

# Every patient's difference with either sign, all ways counted.
exchange_p <- function(differences) {
  sizes <- abs(differences[differences != 0])
  if (!length(sizes)) return(NA_real_)
  chances <- 1
  for (size in sizes)
    chances <- (c(chances, numeric(size)) + c(numeric(size), chances)) / 2
  sums <- 2 * (seq_along(chances) - 1) - sum(sizes)
  min(1, sum(chances[abs(sums) >= abs(sum(differences))]))
}

# Interval of what is given with its values without each patient.
left_out <- function(estimate, without) {
  groups <- length(without)
  if (groups < 2) return(c(estimate = estimate, se = NA, interval_low = NA,
                           interval_high = NA))
  error <- sqrt((groups - 1) / groups * sum((without - mean(without))^2))
  ends <- tanh(atanh(estimate) + c(-1, 1) * qt(0.975, groups - 1) * error /
                 (1 - estimate^2))
  c(estimate = estimate, se = error, interval_low = ends[1], interval_high = ends[2])
}

# ---- areas --------------------------------------------------------------------------

people <- unique(answers$patient)

# Area between two samples of ratings and what each patient adds to it (DeLong 1988,
# Obuchowski 1997). high, low: data frames with value and patient.
placed <- function(high, low) {
  if (!nrow(high) || !nrow(low)) return(NULL)
  wins <- function(one, other)
    vapply(one, function(x) (sum(other < x) + sum(other <= x)) / 2, numeric(1))
  own <- wins(high$value, low$value) / nrow(low)
  theirs <- 1 - wins(low$value, high$value) / nrow(high)
  area <- mean(own)
  added <- function(moved, patients) {
    totals <- tapply((moved - area) / length(moved), factor(patients, people), sum)
    ifelse(is.na(totals), 0, totals)
  }
  list(area = area, high = added(own, high$patient), low = added(theirs, low$patient),
       has_high = people %in% high$patient, has_low = people %in% low$patient)
}

few <- function(there) if (sum(there) > 1) sum(there) / (sum(there) - 1) else 0

any_of <- function(cells, field) Reduce(`|`, lapply(cells, `[[`, field))

# Of the sum of weights times areas; each patient is added up before it is squared.
error_of <- function(cells, weights) {
  total <- function(field) Reduce(`+`, Map(function(w, one) w * one[[field]],
                                           weights, cells))
  high <- total("high")
  low <- total("low")
  here <- any_of(cells, "has_high")
  there <- any_of(cells, "has_low")
  sqrt(max(0, few(here) * sum(high^2) + few(there) * sum(low^2) +
             2 * few(here | there) * sum(high * low)))
}

weighted_area <- function(cells, weights) {
  if (any(vapply(cells, is.null, logical(1)))) return(c(NA_real_, NA_real_))
  areas <- vapply(cells, `[[`, numeric(1), "area")
  # without an error where no patient moves one of them
  flat <- vapply(cells, function(one) max(abs(c(one$high, one$low))) < 1e-12,
                 logical(1))
  c(sum(weights * areas), if (any(flat)) NA else error_of(cells, weights))
}

on_logit <- function(area, error, quantile)
  back(qlogis(area) + c(-1, 1) * quantile * error / (area * (1 - area)))

# Mean covariance of two readers' areas.
between_readers <- function(cells) {
  here <- any_of(cells, "has_high")
  there <- any_of(cells, "has_low")
  pairs <- combn(length(cells), 2)
  mean(apply(pairs, 2, function(two) {
    a <- cells[[two[1]]]
    b <- cells[[two[2]]]
    few(here) * sum(a$high * b$high) + few(there) * sum(a$low * b$low) +
      few(here | there) * sum(a$high * b$low + a$low * b$high)
  }))
}

# ---- ratings ------------------------------------------------------------------------

if (there("ratings.csv")) {
  table <- read_table("ratings.csv")
  computed <- lapply(lines_of(table), function(line) {
    said <- given_by(firsts, line$question, line$arm, line$reader)
    sorted <- sort(said$value)
    c(count = sum(said$value == as.numeric(line$answer)),
      median = sorted[(length(sorted) + 1) %/% 2][1],
      setNames(share_of(said$value >= as.numeric(line$answer), said$patient)[-2],
               c("share_at_least", "low", "high")))
  })
  compare_columns("ratings.csv", table, computed,
                  c("count", "median", "share_at_least", "low", "high"))

  table <- read_table("visual_grading.csv")
  # neither the ordinal model nor what was drawn by chance
  table <- table[table$estimate %in% c("reader", "mean", "other readers"), ]
  computed <- lapply(lines_of(table), function(line) {
    whose <- if (is.na(line$reader)) whose_answers else line$reader
    both <- lapply(whose, function(reader)
      in_both(line$question, line$arm, line$against, reader))
    cells <- lapply(both, function(one) placed(
      data.frame(value = one$value.x, patient = one$patient),
      data.frame(value = one$value.y, patient = one$patient)))
    r <- length(whose)
    found <- weighted_area(cells, rep(1 / r, r))
    groups <- length(unique(unlist(lapply(both, `[[`, "patient"))))
    missing <- setNames(rep(NA_real_, 5),
                        c("value", "se", "interval_low", "interval_high", "p"))
    missing["value"] <- found[1]
    if (anyNA(found) || !found[2] > 0) return(missing)
    if (line$estimate == "other readers") {
      if (r < 2) return(missing)
      square <- var(vapply(cells, `[[`, numeric(1), "area"))
      total <- square + r * max(between_readers(cells), 0)
      df <- (r - 1) * (total / square)^2
      error <- sqrt(total / r)
      ends <- found[1] + c(-1, 1) * qt(0.975, df) * error
      return(c(value = found[1], se = error, interval_low = max(ends[1], 0),
               interval_high = min(ends[2], 1),
               p = 2 * pt(-abs(found[1] - 0.5) / error, df)))
    }
    ends <- on_logit(found[1], found[2], qt(0.975, groups - 1))
    t <- qlogis(found[1]) * found[1] * (1 - found[1]) / found[2]
    c(value = found[1], se = found[2], interval_low = ends[1], interval_high = ends[2],
      p = 2 * pt(-abs(t), groups - 1))
  })
  compare_columns("visual_grading.csv", table, computed,
                  c("value", "se", "interval_low", "interval_high", "p"))
  whole <- table$estimate == "mean"
  ours <- vapply(computed[whole], function(one) one[["p"]], numeric(1))
  compare("visual_grading.csv p_holm", table$p_holm[whole],
          ave(ours, table$question[whole], FUN = holm))
}

# ---- confidence ---------------------------------------------------------------------

if (there("roc_areas.csv")) {
  findings <- function(question) {
    items <- file.path(paste0("mrmc_items_", gsub("-", "_", question), ".csv"))
    known <- if (there(items)) read_table(items) else
      data.frame(case = character(0), finding = character(0))
    known[!is.na(known$finding), ]
  }
  with_truth <- function(said, question) {
    known <- findings(question)
    said$finding <- known$finding[match(said$case, known$case)] == "1"
    said[!is.na(said$finding), ]
  }
  kinds_of <- function(said) placed(said[said$finding, ], said[!said$finding, ])

  table <- read_table("roc_areas.csv")
  table <- table[table$estimate != "other readers", ]
  computed <- lapply(lines_of(table), function(line) {
    whose <- if (is.na(line$reader)) whose_answers else line$reader
    said <- with_truth(given_by(firsts, line$question, line$arm, line$reader),
                       line$question)
    if (line$estimate %in% c("sensitivity", "specificity")) {
      asked <- said[said$finding == (line$estimate == "sensitivity"), ]
      right <- (asked$value >= as.numeric(line$cut)) == asked$finding
      return(setNames(share_of(right, asked$patient),
                      c("value", "se", "interval_low", "interval_high")))
    }
    cells <- lapply(whose, function(reader) kinds_of(said[said$reader == reader, ]))
    found <- weighted_area(cells, rep(1 / length(whose), length(whose)))
    ends <- on_logit(found[1], found[2], qnorm(0.975))
    c(value = found[1], se = found[2], interval_low = ends[1], interval_high = ends[2])
  })
  compare_columns("roc_areas.csv", table, computed,
                  c("value", "se", "interval_low", "interval_high"))

  table <- read_table("roc_differences.csv")
  table <- table[table$estimate != "other readers", ]
  computed <- lapply(lines_of(table), function(line) {
    whose <- if (is.na(line$reader)) whose_answers else line$reader
    cells <- lapply(whose, function(reader) {
      both <- with_truth(in_both(line$question, line$arm, line$against, reader),
                         line$question)
      lapply(c("value.x", "value.y"), function(column)
        kinds_of(data.frame(value = both[[column]], patient = both$patient,
                            finding = both$finding)))
    })
    r <- length(whose)
    found <- weighted_area(do.call(c, cells), rep(c(1, -1) / r, r))
    ends <- pmax(pmin(found[1] + c(-1, 1) * qnorm(0.975) * found[2], 1), -1)
    c(difference = found[1], se = found[2], interval_low = ends[1],
      interval_high = ends[2], p = 2 * pnorm(-abs(found[1] / found[2])))
  })
  compare_columns("roc_differences.csv", table, computed,
                  c("difference", "se", "interval_low", "interval_high", "p"))
  whole <- table$estimate == "mean"
  ours <- vapply(computed[whole], function(one) one[["p"]], numeric(1))
  compare("roc_differences.csv p_holm", table$p_holm[whole],
          ave(ours, table$question[whole], FUN = holm))
}

