"""Printed documents: a folder with a template and its fields becomes a PDF from plain data."""
