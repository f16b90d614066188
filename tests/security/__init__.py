"""What attackers try, by the names that OWASP gives it; SECURITY.md is the index."""
