# ---- choices ------------------------------------------------------------------------

# Davidson's model (1970): chances of left, right and no difference as π_l : π_r :
# ν sqrt(π_l π_r), by Newton's steps; the first arm's logarithm is 0. Errors leave out
# one patient after the other in one step. NULL where there is no highest likelihood.
fit_choices <- function(said, arms, side = FALSE) {
  ones <- diag(length(arms))[, -1, drop = FALSE]
  left <- ones[match(said$arm, arms), , drop = FALSE]
  right <- ones[match(said$second_arm, arms), , drop = FALSE]
  middle <- (left + right) / 2
  ties <- any(said$value == 3)
  if (ties) {
    left <- cbind(left, 0)
    right <- cbind(right, 0)
    middle <- cbind(middle, 1)
  }
  if (side) {
    left <- cbind(left, 0.5)
    right <- cbind(right, -0.5)
    middle <- cbind(middle, 0)
  }
  outcomes <- if (ties) list(left, right, middle) else list(left, right)
  parts <- function(at) {
    powers <- exp(matrix(vapply(outcomes, function(x) drop(x %*% at),
                                numeric(nrow(said))), nrow(said), length(outcomes)))
    chances <- powers / rowSums(powers)
    expected <- Reduce(`+`, lapply(seq_along(outcomes), function(o)
      chances[, o] * outcomes[[o]]))
    taken <- outcomes[[1]]
    for (o in seq_along(outcomes)[-1])
      taken[said$value == o, ] <- outcomes[[o]][said$value == o, ]
    by_patient <- lapply(split(seq_len(nrow(said)), said$patient), function(rows)
      Reduce(`+`, lapply(seq_along(outcomes), function(o) {
        away <- outcomes[[o]][rows, , drop = FALSE] - expected[rows, , drop = FALSE]
        crossprod(away, chances[rows, o] * away)
      })))
    list(information = Reduce(`+`, by_patient), by_patient = by_patient,
         scores = rowsum(taken - expected, said$patient))
  }
  at <- numeric(ncol(outcomes[[1]]))
  settled <- FALSE
  for (step in 1:50) {
    now <- parts(at)
    move <- tryCatch(solve(now$information, colSums(now$scores)),
                     error = function(e) NULL)
    if (is.null(move) || max(abs(at)) > 30) return(NULL)
    settled <- max(abs(move)) < 1e-10
    if (settled) break
    at <- at + move / max(1, max(abs(move)) / 2)
  }
  if (!settled) return(NULL)
  now <- parts(at)
  groups <- length(now$by_patient)
  moves <- tryCatch(t(vapply(names(now$by_patient), function(one) unname(solve(
    now$information - now$by_patient[[one]], now$scores[one, ])), numeric(length(at)))),
    error = function(e) NULL)
  covariance <- NULL
  if (!is.null(moves) && groups > 1) {
    if (length(at) == 1) moves <- t(moves)
    covariance <- (groups - 1) / groups * crossprod(scale(moves, scale = FALSE))
  }
  list(at = at, covariance = covariance, groups = groups, ties = ties)
}

# A sum of coefficients: value, error, ends of its interval, p.
contrast_of <- function(model, weights) {
  weights <- c(weights, numeric(length(model$at) - length(weights)))
  value <- sum(weights * model$at)
  if (is.null(model$covariance)) return(c(value, NA, NA, NA, NA))
  error <- sqrt(max(0, drop(weights %*% model$covariance %*% weights)))
  df <- model$groups - 1
  c(value, error, value + c(-1, 1) * qt(0.975, df) * error,
    2 * pt(-abs(value / error), df))
}

if (there("preference_abilities.csv")) {
  chosen <- firsts[!is.na(firsts$second_arm), ]
  abilities <- read_table("preference_abilities.csv")
  models <- lapply(split(abilities, abilities$question), function(lines) {
    arms <- sort(lines$arm)
    said <- chosen[chosen$question == lines$question[1], ]
    list(arms = arms, said = said, fit = fit_choices(said, arms),
         sided = fit_choices(said, arms, side = TRUE))
  })
  # of each arm, in the order of `arms` without the first
  unit <- function(model, arm) (model$arms == arm)[-1] + 0
  computed <- lapply(lines_of(abilities), function(line) {
    model <- models[[line$question]]
    if (is.null(model$fit)) return(c(ability = NA, se = NA, interval_low = NA,
                                     interval_high = NA))
    mean_of_all <- rep(1 / length(model$arms), length(model$arms) - 1)
    setNames(contrast_of(model$fit, unit(model, line$arm) - mean_of_all)[1:4],
             c("ability", "se", "interval_low", "interval_high"))
  })
  compare_columns("preference_abilities.csv", abilities, computed,
                  c("ability", "se", "interval_low", "interval_high"))

  table <- read_table("preference_pairs.csv")
  computed <- lapply(lines_of(table), function(line) {
    model <- models[[line$question]]
    pair <- c(line$first, line$second)
    said <- model$said
    said <- said[said$arm %in% pair & said$second_arm %in% pair &
                   (is.na(line$reader) | said$reader == line$reader), ]
    score <- ifelse(is.na(said$preferred), 0, ifelse(said$preferred == line$first, 1, -1))
    odds <- rep(NA_real_, 5)
    if (!is.null(model$fit))
      odds <- contrast_of(model$fit, unit(model, line$first) - unit(model, line$second))
    net <- clustered_mean(score, said$patient)
    c(first_preferred = sum(score > 0), no_difference = sum(score == 0),
      second_preferred = sum(score < 0), net = net[1],
      interval_low = max(net[2], -1), interval_high = min(net[3], 1),
      p = exchange_p(tapply(score, said$patient, sum)), odds = exp(odds[1]),
      odds_low = exp(odds[3]), odds_high = exp(odds[4]), odds_p = odds[5])
  })
  compare_columns("preference_pairs.csv", table, computed,
                  c("first_preferred", "no_difference", "second_preferred", "net",
                    "interval_low", "interval_high", "p", "odds", "odds_low",
                    "odds_high", "odds_p"))
  for (column in c("p", "odds_p")) {
    whole <- is.na(table$reader)
    ours <- vapply(computed[whole], function(one) one[[column]], numeric(1))
    compare(paste0("preference_pairs.csv ", column, "_holm"),
            table[[paste0(column, "_holm")]][whole],
            ave(ours, table$question[whole], FUN = holm))
  }

  table <- read_table("preference_tests.csv")
  computed <- lapply(lines_of(table), function(line) {
    model <- models[[line$question]]
    said <- model$said
    found <- c(value = NA_real_, interval_low = NA, interval_high = NA, p = NA)
    if (line$test %in% c("ties", "side")) {
      asked <- if (line$test == "ties") said else said[said$value != 3, ]
      right <- asked$value == (if (line$test == "ties") 3 else 1)
      if (nrow(asked)) found[1:3] <- effective_share(right, asked$patient)
      if (line$test == "side" && !is.null(model$sided))
        found["p"] <- contrast_of(model$sided, c(numeric(
          length(model$sided$at) - 1), 1))[5]
      return(found)
    }
    if (is.null(model$fit)) return(found)
    k <- length(model$arms) - 1
    if (line$test == "tie") {
      found["value"] <- if (model$fit$ties) exp(model$fit$at[k + 1]) else 0
      return(found)
    }
    groups <- model$fit$groups
    inverse <- tryCatch(solve(model$fit$covariance[1:k, 1:k]),
                        error = function(e) NULL)
    if (is.null(inverse) || groups <= k) return(found)
    at <- model$fit$at[1:k]
    found["value"] <- drop(at %*% inverse %*% at) * (groups - k) / (k * (groups - 1))
    found["p"] <- pf(found[["value"]], k, groups - k, lower.tail = FALSE)
    found
  })
  compare_columns("preference_tests.csv", table, computed,
                  c("value", "interval_low", "interval_high", "p"))
}

# ---- fidelity -----------------------------------------------------------------------

if (there("fidelity.csv")) {
  table <- read_table("fidelity.csv")
  # the answer that says that nothing is wrong is the lowest one
  faithful <- tapply(suppressWarnings(as.numeric(table$answer)), table$question, min,
                     na.rm = TRUE)
  computed <- lapply(lines_of(table), function(line) {
    said <- given_by(firsts, line$question, line$arm, line$reader)
    right <- if (line$answer == "any") said$value != faithful[[line$question]] else
      said$value == as.numeric(line$answer)
    plain <- if (nrow(said)) wilson(mean(right), nrow(said)) else c(NA, NA)
    clustered <- share_of(right, said$patient)
    c(count = sum(right), rate = mean(right), wilson_low = plain[1],
      wilson_high = plain[2], clustered_low = clustered[["low"]],
      clustered_high = clustered[["high"]])
  })
  compare_columns("fidelity.csv", table, computed,
                  c("count", "rate", "wilson_low", "wilson_high", "clustered_low",
                    "clustered_high"))

  arms_of <- tapply(table$arm, table$question, unique, simplify = FALSE)
  # Cochran's Q of each patient's number of changes, of what was rated in every arm.
  cochran <- function(question) {
    arms <- arms_of[[question]]
    said <- firsts[firsts$question == question, ]
    changed <- tapply(said$value != faithful[[question]],
                      list(key(said$reader, said$case), factor(said$arm, arms)), sum)
    changed <- changed[complete.cases(changed), , drop = FALSE]
    owner <- said$patient[match(rownames(changed), key(said$reader, said$case))]
    by_patient <- rowsum(changed + 0, owner)  # numbers, were there none at all
    k <- length(arms)
    q <- (k - 1) * sum((colSums(by_patient) - mean(colSums(by_patient)))^2) /
      sum((by_patient - rowMeans(by_patient))^2)
    c(q = q, q_p = pchisq(q, k - 1, lower.tail = FALSE))
  }
  table <- read_table("fidelity_comparisons.csv")
  computed <- lapply(lines_of(table), function(line) {
    both <- in_both(line$question, line$arm, line$against, NA)
    wrong <- both[c("value.x", "value.y")] != faithful[[line$question]]
    apart <- wrong[, 1] - wrong[, 2]
    sums <- tapply(apart - mean(apart), both$patient, sum)
    g <- length(sums)
    error <- sqrt(g / (g - 1) * sum(sums^2)) / length(apart)
    half <- if (g > 1 && error > 1e-12) qt(0.975, g - 1) * error else NA_real_
    c(only_arm = sum(apart > 0), only_against = sum(apart < 0),
      difference = mean(apart), difference_low = max(mean(apart) - half, -1),
      difference_high = min(mean(apart) + half, 1), p = exchange_p(tapply(apart, both$patient, sum)),
      cochran(line$question))
  })
  compare_columns("fidelity_comparisons.csv", table, computed,
                  c("only_arm", "only_against", "difference", "difference_low",
                    "difference_high", "p", "q", "q_p"))
  ours <- vapply(computed, function(one) one[["p"]], numeric(1))
  compare("fidelity_comparisons.csv p_holm", table$p_holm,
          ave(ours, table$question, FUN = holm))
}

