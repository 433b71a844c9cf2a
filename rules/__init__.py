"""The rules: one ``.py`` and one ``.md`` each, a folder a family."""
