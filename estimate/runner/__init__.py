"""Runs a user's script in the user's own Python until a training step is caught.

Standard library only, Python 3.8 or newer: nothing of keras-memlint is installed there. ``__main__.py`` loads this folder as a
package of another name, so the modules import each other relatively.
"""
