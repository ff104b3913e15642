"""Logs of other tools as columns of text, and those as FLOW columns; flows/sources/ is the way in."""
