"""Values of documents to resources, kind by kind; each document has passed its schema before."""
