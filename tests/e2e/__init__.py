"""Tests of the page and of the lab in real browsers, which they share."""
