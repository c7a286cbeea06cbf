"""The browser face: people's pages, HR's pages, and health."""
