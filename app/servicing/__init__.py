"""Rules of the money: schedules, allocation, arrears, provisions, restructuring, imports."""
