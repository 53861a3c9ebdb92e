"""From copying to innovation: how near generated pictures come to single pictures of their training data."""

from ganart.originality.auditor import Audit, Auditor, Finding, Nearest
from ganart.originality.spaces import FeatureSpace, Outlines, Space, Tones

__all__ = ["Audit", "Auditor", "FeatureSpace", "Finding", "Nearest", "Outlines", "Space", "Tones"]
