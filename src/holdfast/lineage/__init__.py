"""Which model derives from which, who built it, and whose name is it really?"""
