"""Manifests, peers and measurements; nothing here is part of the installed package."""
