# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of result files: read (results, experiment, evidence), arranged (figures) and drawn (page)."""
