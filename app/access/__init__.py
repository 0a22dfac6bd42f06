"""What people may do: standard roles, users, and the ways in."""
