"""What is measured about a document, and the rules that judge the measurements."""
