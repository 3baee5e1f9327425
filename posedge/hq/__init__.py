"""Headquarters, a second program beside the box: sees model/, tasks and clock only."""
