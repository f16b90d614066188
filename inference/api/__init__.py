"""Networks, jobs and trainings, for programs: by the services of the pages."""
