"""Registers: declared tables that are filtered, sorted, paged by key, saved as views and exported.

A department declares what a register shows; everything else about registers is here and in the
pages of `web/registers`.
"""
