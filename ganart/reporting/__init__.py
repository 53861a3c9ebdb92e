"""The report: one self-contained HTML page about one run or many.

It shows differences, curves, scores, images, cost and commands. Run folders may come from others: they are read as
plain data, missing or damaged parts are left out, and all text is escaped in the page. Nothing here needs torch.
"""
