"""What ``run.py`` runs once the environment exists: embedded servers, supervisor and commands."""
