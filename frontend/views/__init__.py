"""The pages, one file for each kind of thing they show. Views are thin: fetch, act, render."""
