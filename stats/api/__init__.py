"""Reports, exports and planning, for programs: by the services of the pages."""
