"""The vendors of models as their own SDKs describe them: what a shape must be, and local servers that hold to it."""
