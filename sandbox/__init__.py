"""A stand-in Microsoft 365 tenant over HTTP: Entra, Graph and mailboxes on one loopback port, with no code
of its clients.
"""
