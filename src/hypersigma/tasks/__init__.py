"""What a task is: the inner door (a network for a task) and the outer door (a method that is fitted).

A registered task is a module or folder of this package that exports `TASK`, a subclass of `Task`.
"""
