"""What the site is made of: packages locked by hash, their licences, their flaws."""
