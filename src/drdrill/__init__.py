"""drdrill: disaster-recovery drills whose numbers are true, and which leave nothing broken."""

__version__ = "0.1.0"
