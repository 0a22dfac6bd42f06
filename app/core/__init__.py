"""The platform: entities, scope, screens, jobs. It knows no loan and imports no other package of the app."""
