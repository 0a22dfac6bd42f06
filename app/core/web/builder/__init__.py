"""Reports that users build: what they group, count and compare, over any entity whose list they may open.

axes        what a report can be grouped by, as SQL, in words and as filters of the list
measures    what it can count and add up
periods     the period it is about and the earlier one beside it
asked       an address read into all of that
statement   the one statement that follows, sent under a time limit
cube        its groups put together to lines, columns and totals
table       lines and cells, each with the address of the list of its rows
picture     the same as a chart, a funnel or a heat map
page, file  what the screen and the workbook show
keeping     reports under a name
    home        kept reports on home pages
"""
