"""Scenarios and tests find drdrill's fixtures through its own plug-in; nothing else is needed here."""
