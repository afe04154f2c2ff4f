"""Measurements of the engine on this machine: ratios against SQL written by hand, in one run."""
