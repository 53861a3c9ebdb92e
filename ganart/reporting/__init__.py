"""One self-contained HTML page about one run or many: what differs, curves, scores, pictures, cost, commands.

Run folders may come from strangers: they are read as plain data, whatever misses or is damaged is left out, and all
text is escaped on its way into the page. Nothing here needs torch.
"""
