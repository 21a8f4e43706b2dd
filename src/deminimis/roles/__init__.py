"""What is asked of which columns, bound to the kernel."""
