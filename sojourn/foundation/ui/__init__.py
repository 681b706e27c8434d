"""The design system: look, components, charts and base pages of both faces."""
