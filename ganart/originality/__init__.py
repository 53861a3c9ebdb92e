"""The copy audit: distances of generated pictures to their nearest training pictures, and verdicts."""

from ganart.originality.auditor import Audit, Auditor, Finding, Nearest
from ganart.originality.spaces import FeatureSpace, Outlines, Space, Tones

__all__ = ["Audit", "Auditor", "FeatureSpace", "Finding", "Nearest", "Outlines", "Space", "Tones"]
