"""How does a sub-agent use it? Allowances and the local gateway will live here; the room is empty."""
