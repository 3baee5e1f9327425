"""The routes of the till API v1 and of the technician's page, one file per noun."""
