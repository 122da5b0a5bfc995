"""Acme's realtime service over WebSocket: the provider ``acme-ws``."""
