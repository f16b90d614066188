"""Pages of cohorts and of what is on its way to one."""
