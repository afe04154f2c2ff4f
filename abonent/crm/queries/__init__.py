"""All reads about people and places; the commonest ones are named here."""

from __future__ import annotations

from abonent.crm.queries.faces import Face, face_of, names_by_number

__all__ = ["Face", "face_of", "names_by_number"]
