"""The analyst's pages, and the same as an API.

`app.py` puts together what `areas/` offers: one file for each entry of the menu. What a page shows is read by `facts/`,
what a person does is done by `acts/`; neither knows of HTTP, so that pages, API and tests share them.
"""
