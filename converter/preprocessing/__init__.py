"""Finds out how pictures are to be prepared for a network: their pixels and their fit."""
