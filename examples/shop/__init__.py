"""A small shop: what the example tests test."""
