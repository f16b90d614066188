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
