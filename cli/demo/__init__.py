"""`perennial demo`: an organization lives a quarter in virtual time, and its witnesses say whether all was well."""
