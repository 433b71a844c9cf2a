"""The language server; only this package knows LSP types."""
