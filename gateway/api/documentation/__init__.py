"""The API's documentation as a page: one document without script, images or any other address."""
