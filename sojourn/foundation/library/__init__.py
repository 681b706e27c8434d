"""What people read about the treatment: articles, the evidence that they rest on, pictures of it, and their check."""
