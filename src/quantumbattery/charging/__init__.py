"""From a description, a preparation and times to the labelled table, and to the best moment.

Here everything below meets. It knows no named model, no file and no screen.
"""
