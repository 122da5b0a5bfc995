"""The parts of a session, one responsibility each. `realtime_core.session` puts them together."""
