"""Documents on paper: given data set as PDF with typst, and figures drawn for it. Knows no patient and no model."""
