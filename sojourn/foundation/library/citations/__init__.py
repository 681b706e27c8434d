"""Files of citations, read record by record: PubMed XML, RIS and BibTeX.

Each reader is handed a file as pieces of bytes and never holds more of it than one record. It gives what it read and,
beside it, where in the file the next record begins, so that another transaction can go on from there. A record that
cannot be read is a ``Refusal`` with its number and what is wrong, and the next one is read all the same.
"""
