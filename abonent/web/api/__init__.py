"""The JSON API under /api/v1: what other programs do, through the use cases the pages use.

Inputs and answers are pydantic models; `openapi.py` describes the very same models.
"""
