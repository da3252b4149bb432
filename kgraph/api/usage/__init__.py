"""What is asked for, what is used of it, and what that costs.

Here belongs what the workers' samples, requests and prices give, added up and explained.
"""
