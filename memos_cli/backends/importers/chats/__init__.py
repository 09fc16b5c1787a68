"""Exports of talks with assistants on the web, and what their importers share."""
