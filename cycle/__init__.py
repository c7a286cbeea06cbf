"""The subject itself: pure rules and words of check-ins, plans and mail. No I/O, no clock, no framework."""
